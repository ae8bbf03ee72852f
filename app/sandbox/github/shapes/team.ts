import type { components } from '@octokit/openapi-types'
import type { Team } from '../state/account.ts'
import { accountOf, membersOf, type World } from '../state/world.ts'
import { iso, nodeId } from './time.ts'
import { fullOrganisation } from './user.ts'

function ownTeam(world: World, team: Team) {
  const organisation = accountOf(world, team.organisationId)
  const api = `${world.url}/api/v3/organizations/${organisation.id}/team/${team.id}`
  return {
    name: team.name,
    id: team.id,
    node_id: nodeId('T', team.id),
    slug: team.slug,
    description: null as string | null,
    privacy: 'closed' as const,
    notification_setting: 'notifications_enabled' as const,
    url: api,
    html_url: `${world.url}/orgs/${organisation.login}/teams/${team.slug}`,
    members_url: `${api}/members{/member}`,
    repositories_url: `${api}/repos`,
    permission: 'pull',
  }
}

/** A team with its parent as webhooks show it. */
export function teamPayload(world: World, team: Team) {
  const parent = team.parentId === null ? undefined : world.teams.get(team.parentId)
  return { ...ownTeam(world, team), parent: parent ? ownTeam(world, parent) : null }
}

/** The same as the API shows it: the published schema of webhooks does not know whose teams may be. */
export function teamShape(world: World, team: Team) {
  const { parent, ...own } = teamPayload(world, team)
  const whose = { type: 'organization' as const, organization_id: team.organisationId }
  return {
    ...own,
    ...whose,
    parent: parent && { ...parent, ...whose },
  } satisfies components['schemas']['team']
}

/** The long form, as `GET /orgs/{org}/teams/{team_slug}` gives it. */
export function fullTeam(world: World, team: Team) {
  const organisation = accountOf(world, team.organisationId)
  return {
    ...teamShape(world, team),
    members_count: membersOf(world, team).length,
    repos_count: team.repositories.size,
    created_at: iso(organisation.createdAt),
    updated_at: iso(organisation.createdAt),
    organization: fullOrganisation(world, organisation),
  } satisfies components['schemas']['team-full']
}
