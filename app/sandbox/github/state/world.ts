import type { Counters } from '../counters.ts'
import type { Faults } from '../faults.ts'
import type { Outbox } from '../outbox.ts'
import type { RateLimits } from '../rate-limit.ts'
import { type Account, atLeast, type Role, stronger, type Team } from './account.ts'
import type { App, Device, Installation, Manifest, Token } from './app.ts'
import type { Repository } from './repository.ts'

export type Clock = { now(): number }

/** Everything this GitHub knows. Bare repositories hold the Git half, memory the rest. */
export type World = {
  readonly dir: string
  readonly clock: Clock
  /** Set once the server listens. */
  url: string
  readonly nextId: () => number
  readonly accounts: Map<number, Account>
  /** The account that commits what GitHub's pages make. */
  readonly webFlow: Account
  /** The account that merges what the merge queue lets through. */
  readonly mergeQueueBot: Account
  readonly teams: Map<number, Team>
  readonly repositories: Map<number, Repository>
  /** `owner/name` in lower case → the repository that was called so last, until another is. */
  readonly oldNames: Map<string, number>
  readonly apps: Map<number, App>
  readonly installations: Map<number, Installation>
  /** By the secret itself. */
  readonly tokens: Map<string, Token>
  readonly manifests: Map<string, Manifest>
  readonly devices: Map<string, Device>
  readonly faults: Faults
  readonly counters: Counters
  readonly rateLimits: RateLimits
  readonly outbox: Outbox
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()

/** The living account of that login; logins are compared without case. */
export function findAccount(world: World, login: string): Account | undefined {
  return world.accounts.values().find((account) => !account.removed && same(account.login, login))
}

/** The account of that id; ids that the state itself holds are always there. */
export function accountOf(world: World, id: number): Account {
  const account = world.accounts.get(id)
  if (!account) throw new Error(`no account ${id}`)
  return account
}

export function appOf(world: World, id: number): App {
  const app = world.apps.get(id)
  if (!app) throw new Error(`no App ${id}`)
  return app
}

export function repositoryOf(world: World, id: number): Repository {
  const repository = world.repositories.get(id)
  if (!repository) throw new Error(`no repository ${id}`)
  return repository
}

export function findRepository(world: World, owner: string, name: string): Repository | undefined {
  return world.repositories
    .values()
    .find(
      (repository) => same(repository.name, name) && same(accountOf(world, repository.ownerId).login, owner),
    )
}

/** The repository that was called so before, where none is now. */
export function formerRepository(world: World, owner: string, name: string): Repository | undefined {
  if (findRepository(world, owner, name)) return undefined
  return world.repositories.get(world.oldNames.get(`${owner}/${name}`.toLowerCase()) ?? 0)
}

export function fullName(world: World, repository: Repository): string {
  return `${accountOf(world, repository.ownerId).login}/${repository.name}`
}

export function findTeam(world: World, organisationId: number, slug: string): Team | undefined {
  return world.teams.values().find((team) => team.organisationId === organisationId && same(team.slug, slug))
}

/** The team and every team beneath it. */
export function withChildren(world: World, team: Team): Team[] {
  const children = world.teams.values().filter((child) => child.parentId === team.id)
  return [team, ...children.flatMap((child) => withChildren(world, child))]
}

/** Members of the team and of the teams beneath it, as GitHub lists them. */
export function membersOf(world: World, team: Team): Account[] {
  const ids = new Set(withChildren(world, team).flatMap((one) => [...one.members.keys()]))
  return [...ids]
    .map((id) => accountOf(world, id))
    .filter((account) => !account.removed)
    .sort((a, b) => a.id - b.id)
}

/** What the account may do with the repository: the strongest of ownership, invitation, teams and openness. */
export function roleOn(world: World, repository: Repository, accountId: number): Role {
  const owner = accountOf(world, repository.ownerId)
  if (accountId === owner.id || owner.members.get(accountId) === 'admin') return 'admin'
  let role: Role = repository.private ? 'none' : 'read'
  if (owner.members.has(accountId)) role = stronger(role, 'read')
  role = stronger(role, repository.collaborators.get(accountId) ?? 'none')
  for (const team of world.teams.values()) {
    const granted = team.repositories.get(repository.id)
    if (!granted || atLeast(role, granted)) continue
    if (withChildren(world, team).some((one) => one.members.has(accountId))) role = granted
  }
  return role
}

/** Whether the account was given the repository, as opposed to merely seeing it because it is public. */
export function isCollaborator(world: World, repository: Repository, accountId: number): boolean {
  const seen = repository.private ? repository : { ...repository, private: true }
  return roleOn(world, seen, accountId) !== 'none'
}

/** The App's installation on the repository's owner, when it includes the repository. */
export function installationOn(world: World, appId: number, repositoryId: number): Installation | undefined {
  return world.installations
    .values()
    .find((installation) => installation.appId === appId && installation.repositories.has(repositoryId))
}
