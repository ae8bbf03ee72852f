import type { Team } from '../state/account.ts'
import { accountOf, type World } from '../state/world.ts'
import { nodeId } from './time.ts'

function ownTeam(world: World, team: Team) {
  const organisation = accountOf(world, team.organisationId)
  const api = `${world.url}/api/v3/organizations/${organisation.id}/team/${team.id}`
  return {
    name: team.name,
    id: team.id,
    node_id: nodeId('T', team.id),
    slug: team.slug,
    description: null as string | null,
    privacy: 'closed',
    notification_setting: 'notifications_enabled',
    url: api,
    html_url: `${world.url}/orgs/${organisation.login}/teams/${team.slug}`,
    members_url: `${api}/members{/member}`,
    repositories_url: `${api}/repos`,
    permission: 'pull',
  }
}

/** A team with its parent, the same in webhooks and in the API. */
export function teamShape(world: World, team: Team) {
  const parent = team.parentId === null ? undefined : world.teams.get(team.parentId)
  return { ...ownTeam(world, team), parent: parent ? ownTeam(world, parent) : null }
}
