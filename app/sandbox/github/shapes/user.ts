import type { components } from '@octokit/openapi-types'
import type { Account } from '../state/account.ts'
import { accountOf, type World } from '../state/world.ts'
import { iso, nodeId } from './time.ts'

/** Where GitHub attributes what a removed account did. */
const GHOST = { id: 10_137, login: 'ghost', type: 'User' } as const

/** The short form of an account, the same in the API and in webhooks. */
export function userShape(world: World, account: Account) {
  const { id, login, type } = account.removed ? GHOST : account
  const path = encodeURIComponent(login)
  const api = `${world.url}/api/v3/users/${path}`
  return {
    login,
    id,
    node_id: nodeId('U', id),
    avatar_url: `${world.url}/avatars/u/${id}`,
    gravatar_id: '',
    url: api,
    html_url: type === 'Bot' ? `${world.url}/apps/${login.replace(/\[bot\]$/, '')}` : `${world.url}/${path}`,
    followers_url: `${api}/followers`,
    following_url: `${api}/following{/other_user}`,
    gists_url: `${api}/gists{/gist_id}`,
    starred_url: `${api}/starred{/owner}{/repo}`,
    subscriptions_url: `${api}/subscriptions`,
    organizations_url: `${api}/orgs`,
    repos_url: `${api}/repos`,
    events_url: `${api}/events{/privacy}`,
    received_events_url: `${api}/received_events`,
    type,
    site_admin: false,
  } satisfies components['schemas']['simple-user']
}

export type UserShape = ReturnType<typeof userShape>

/** The account of that id in its short form. */
export const userById = (world: World, id: number): UserShape => userShape(world, accountOf(world, id))

/** The long form, as `GET /users/{username}` gives it. */
export function publicUser(world: World, account: Account) {
  return {
    ...userShape(world, account),
    name: account.name,
    company: null,
    blog: '',
    location: null,
    email: account.email,
    hireable: null,
    bio: null,
    public_repos: publicRepositories(world, account),
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: iso(account.createdAt),
    updated_at: iso(account.createdAt),
  } satisfies components['schemas']['public-user']
}

/** The short form of an organisation. */
export function organisationShape(world: World, account: Account) {
  const api = `${world.url}/api/v3/orgs/${account.login}`
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId('O', account.id),
    url: api,
    repos_url: `${api}/repos`,
    events_url: `${api}/events`,
    hooks_url: `${api}/hooks`,
    issues_url: `${api}/issues`,
    members_url: `${api}/members{/member}`,
    public_members_url: `${api}/public_members{/member}`,
    avatar_url: `${world.url}/avatars/u/${account.id}`,
    description: null as string | null,
  } satisfies components['schemas']['organization-simple']
}

/** The long form of an organisation. */
export function fullOrganisation(world: World, account: Account) {
  return {
    ...organisationShape(world, account),
    ...(account.name === null ? {} : { name: account.name }),
    has_organization_projects: false,
    has_repository_projects: false,
    public_repos: publicRepositories(world, account),
    public_gists: 0,
    followers: 0,
    following: 0,
    html_url: `${world.url}/${account.login}`,
    type: 'Organization',
    created_at: iso(account.createdAt),
    updated_at: iso(account.createdAt),
    archived_at: null,
  } satisfies components['schemas']['organization-full'] & components['schemas']['team-organization']
}

const publicRepositories = (world: World, { id }: Account): number =>
  world.repositories
    .values()
    .filter((each) => each.ownerId === id && !each.private)
    .toArray().length
