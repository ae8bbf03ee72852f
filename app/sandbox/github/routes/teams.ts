import type { components } from '@octokit/openapi-types'
import { allowOrganisation, mayAccess, need } from '../access.ts'
import { accountNamed, type Call, callerOf, get, noContent, ok, organisationIn, type Route } from '../call.ts'
import { notFound } from '../errors.ts'
import { page } from '../page.ts'
import { fullRepository, permissionFlags } from '../shapes/repository.ts'
import { fullTeam, teamShape } from '../shapes/team.ts'
import { fullOrganisation, organisationShape, userShape } from '../shapes/user.ts'
import type { Account, Team } from '../state/account.ts'
import { accountOf, findTeam, membersOf, repositoryOf, withChildren } from '../state/world.ts'

function organisation(call: Call): Account {
  const found = organisationIn(call)
  allowOrganisation(call.world, call.actor, found.id)
  return found
}

function teamIn(call: Call): Team {
  const found = findTeam(call.world, organisation(call).id, call.param('team_slug'))
  if (!found) throw notFound()
  return found
}

/** Members of nested teams are members too (https://docs.github.com/en/rest/teams/members). */
function membership(call: Call) {
  const team = teamIn(call)
  const account = accountNamed(call.world, call.param('username'))
  if (!membersOf(call.world, team).includes(account)) throw notFound()
  const role = team.members.get(account.id) ?? 'member'
  const url = `${teamShape(call.world, team).url}/memberships/${account.login}`
  return ok({ state: 'active', role, url } satisfies components['schemas']['team-membership'])
}

function organisationMembership(call: Call, account: Account) {
  const org = organisation(call)
  const role = org.members.get(account.id)
  if (!role) throw notFound()
  return ok({
    url: `${call.world.url}/api/v3/orgs/${org.login}/memberships/${account.login}`,
    state: 'active',
    role,
    organization_url: `${call.world.url}/api/v3/orgs/${org.login}`,
    organization: organisationShape(call.world, org),
    user: userShape(call.world, account),
  } satisfies components['schemas']['org-membership'])
}

const byId = (a: { id: number }, b: { id: number }) => a.id - b.id

export const teamRoutes: readonly Route[] = [
  get('/orgs/{org}', (call) => ok(fullOrganisation(call.world, organisationIn(call)))),
  get('/orgs/{org}/teams', (call) => {
    const org = organisation(call)
    const teams = call.world.teams
      .values()
      .filter((team) => team.organisationId === org.id)
      .toArray()
      .sort(byId)
    return page(call, teams, (team) => teamShape(call.world, team))
  }),
  get('/orgs/{org}/teams/{team_slug}', (call) => ok(fullTeam(call.world, teamIn(call)))),
  get('/orgs/{org}/teams/{team_slug}/members', (call) => {
    const team = teamIn(call)
    const role = call.url.searchParams.get('role') ?? 'all'
    const members = membersOf(call.world, team).filter(
      (account) => role === 'all' || (team.members.get(account.id) ?? 'member') === role,
    )
    return page(call, members, (account) => userShape(call.world, account))
  }),
  get('/orgs/{org}/teams/{team_slug}/memberships/{username}', membership),
  get('/orgs/{org}/teams/{team_slug}/teams', (call) => {
    const team = teamIn(call)
    const children = call.world.teams
      .values()
      .filter((child) => child.parentId === team.id)
      .toArray()
      .sort(byId)
    return page(call, children, (child) => teamShape(call.world, child))
  }),
  get('/orgs/{org}/teams/{team_slug}/repos', (call) => {
    const team = teamIn(call)
    const visible = [...team.repositories]
      .map(([id, role]) => ({ repository: repositoryOf(call.world, id), role }))
      .filter(({ repository }) => mayAccess(call.world, call.actor, repository, need('metadata', 'read')))
    return page(call, visible, ({ repository, role }) => ({
      ...fullRepository(call.world, repository, call.actor),
      permissions: permissionFlags(role),
      role_name: role,
    }))
  }),
  get('/orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}', (call) => {
    const team = teamIn(call)
    const full = `${call.param('owner')}/${call.param('repo')}`.toLowerCase()
    const found = [...team.repositories.keys()]
      .map((id) => repositoryOf(call.world, id))
      .find((each) => `${accountOf(call.world, each.ownerId).login}/${each.name}`.toLowerCase() === full)
    if (!found) throw notFound()
    return noContent
  }),
  get('/orgs/{org}/members', (call) => {
    const org = organisation(call)
    const members = [...org.members.keys()].map((id) => accountOf(call.world, id)).sort(byId)
    return page(call, members, (account) => userShape(call.world, account))
  }),
  get('/orgs/{org}/members/{username}', (call) => {
    if (!organisation(call).members.has(accountNamed(call.world, call.param('username')).id)) throw notFound()
    return noContent
  }),
  get('/orgs/{org}/memberships/{username}', (call) =>
    organisationMembership(call, accountNamed(call.world, call.param('username'))),
  ),
  get('/user/memberships/orgs/{org}', (call) => organisationMembership(call, callerOf(call))),
  get('/user/teams', (call) => {
    const id = callerOf(call).id
    const mine = call.world.teams
      .values()
      .filter((team) => withChildren(call.world, team).some((each) => each.members.has(id)))
      .toArray()
    return page(call, mine, (team) => fullTeam(call.world, team))
  }),
]
