import type { Account, Permission } from '../reconcile/ports/github.ts'
import { accountOf } from './account.ts'
import { orUndefined } from './or-undefined.ts'
import type { RepositoryClient } from './repository-client.ts'
import { readWhole } from './whole.ts'

const permissions: readonly Permission[] = ['admin', 'maintain', 'write', 'triage', 'read', 'none']

/**
 * `role_name` tells maintain from write and triage from read; a custom role of the organisation counts as the
 * standard one that it builds on, which `permission` holds.
 */
export async function readPermission({ client, at }: RepositoryClient, login: string) {
  const said = await orUndefined(client.rest.repos.getCollaboratorPermissionLevel({ ...at, username: login }))
  if (!said?.data.user) return undefined
  const { role_name: role, permission: base, user } = said.data
  const permission =
    permissions.find((one) => one === role) ?? permissions.find((one) => one === base) ?? 'none'
  return { account: accountOf(user), permission }
}

export async function readAccount({ client }: RepositoryClient, login: string): Promise<Account | undefined> {
  const said = await orUndefined(client.rest.users.getByUsername({ username: login }))
  return said && accountOf(said.data)
}

/** Members of child teams are in GitHub's list ("List team members"). */
export async function listTeamMembers(
  { client }: RepositoryClient,
  team: string,
): Promise<readonly Account[] | undefined> {
  const [org, slug, ...rest] = team.split('/')
  if (!org || !slug || rest.length > 0) return undefined
  const list = client.rest.teams.listMembersInOrg
  const members = await orUndefined(
    readWhole(`the members of team ${team}`, () =>
      client.paginate.iterator(list, { org, team_slug: slug, per_page: 100 }),
    ),
  )
  return members?.map(accountOf)
}

/**
 * Who made a branch or pushed to it, undefined for whoever GitHub does not name; deleting it adds nothing to it. These
 * pages are not counted: each begins after the last entry of the one before, and nobody moves.
 */
export async function listPushers(
  { client, at }: RepositoryClient,
  ref: string,
): Promise<readonly (Account | undefined)[]> {
  const list = client.paginate(client.rest.repos.listActivities, { ...at, ref, per_page: 100 })
  const pushers = new Map<number | undefined, Account | undefined>()
  for (const { actor, activity_type: type } of await list) {
    if (type !== 'branch_deletion') pushers.set(actor?.id, actor ? accountOf(actor) : undefined)
  }
  return [...pushers.values()]
}
