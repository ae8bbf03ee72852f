import { allow, type Need } from './access.ts'
import { type Actor, accountActing } from './actor.ts'
import { notFound } from './errors.ts'
import type { Fields } from './fields.ts'
import type { Account } from './state/account.ts'
import type { Issue } from './state/issue.ts'
import type { Pull } from './state/pull.ts'
import type { Repository } from './state/repository.ts'
import { accountOf, findAccount, findRepository, type World } from './state/world.ts'

/** One request to the API. */
export type Call = {
  readonly world: World
  readonly actor: Actor
  readonly body: Fields
  /** The address as the caller wrote it, for Link headers. */
  readonly url: URL
  param(name: string): string
  header(name: string): string | undefined
}

export type Answer = {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** One endpoint; `path` is GitHub's own template, `{path*}` takes the rest of the path. */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly handle: (call: Call) => Answer | Promise<Answer>
}

export const get = (path: string, handle: Route['handle']): Route => ({ method: 'GET', path, handle })
export const post = (path: string, handle: Route['handle']): Route => ({ method: 'POST', path, handle })
export const put = (path: string, handle: Route['handle']): Route => ({ method: 'PUT', path, handle })
export const patch = (path: string, handle: Route['handle']): Route => ({ method: 'PATCH', path, handle })
export const remove = (path: string, handle: Route['handle']): Route => ({ method: 'DELETE', path, handle })

export const ok = (body: unknown): Answer => ({ status: 200, body })
export const created = (body: unknown): Answer => ({ status: 201, body })
export const noContent: Answer = { status: 204 }

/** A number in the path; anything else names nothing. */
export function numberIn(call: Call, name: string): number {
  const text = call.param(name)
  if (!/^\d{1,15}$/.test(text)) throw notFound()
  return Number(text)
}

/** The repository that the path names, once the caller may do what `wanted` says. */
export function repositoryIn(call: Call, wanted: Need): Repository {
  const repository = findRepository(call.world, call.param('owner'), call.param('repo'))
  if (!repository) throw notFound()
  allow(call.world, call.actor, repository, wanted)
  return repository
}

/** The pull request that the path names. */
export function pullIn(call: Call, wanted: Need): { repository: Repository; pull: Pull } {
  const repository = repositoryIn(call, wanted)
  const pull = repository.pulls.get(numberIn(call, 'pull_number'))
  if (!pull) throw notFound()
  return { repository, pull }
}

/** The issue, or issue half of a pull request, that the path names. */
export function issueIn(call: Call, wanted: Need): { repository: Repository; issue: Issue } {
  const repository = repositoryIn(call, wanted)
  const issue = repository.issues.get(numberIn(call, 'issue_number'))
  if (!issue) throw notFound()
  return { repository, issue }
}

/** The account in whose name the caller acts. */
export const callerOf = (call: Call): Account => accountActing(call.world, call.actor)

/** The living account of that name, or 404. */
export function accountNamed(world: World, login: string): Account {
  const account = findAccount(world, login)
  if (!account) throw notFound()
  return account
}

/** The organisation that the path names. */
export function organisationIn(call: Call): Account {
  const account = accountNamed(call.world, call.param('org'))
  if (account.type !== 'Organization') throw notFound()
  return account
}

/** The owner of a repository as an account. */
export const ownerOf = (world: World, repository: Repository): Account => accountOf(world, repository.ownerId)
