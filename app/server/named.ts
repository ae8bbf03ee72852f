import type { RequestFilter, StatusRow } from '../reconcile/ports/store.ts'
import { type Caller, mayRead, maySee } from './authorise.ts'
import type { ServerDeps, ServerFacts } from './deps.ts'
import { Problem } from './problem.ts'

/** The id of the repository that a caller names. Throws where none has that name. */
export function repositoryNamed(name: string, facts: ServerFacts): number {
  const found = facts.repositories.find((one) => one.name.toLowerCase() === name.toLowerCase())
  if (found !== undefined) return found.id
  throw new Problem(
    'not_found',
    `There is no repository ${name} here.`,
    'name one that gitsudo server status lists',
  )
}

/** Whom a login or an e-mail address means: numeric ids, and the login itself, which files and events may hold. */
export type Named = { readonly ids: ReadonlySet<number>; readonly login?: string }

/**
 * In the identities that the caller may see. Whoever is in none may still have asked under that login. Throws while some
 * cannot be read: they may list this person under another login, and part of what somebody has would pass for all of it.
 */
export async function whoIs(user: string, caller: Caller, deps: ServerDeps): Promise<Named> {
  if (caller.unread.size > 0) throw cannotTell(`who ${user} is`, caller, deps.facts)
  const people = (await deps.peopleNamed(user)).filter(({ repository }) =>
    mayRead(caller, repository, deps.facts),
  )
  const ids = new Set(people.map(({ id }) => id))
  return user.includes('@') ? { ids } : { ids, login: user.toLowerCase() }
}

/** Requests of the person, the youngest first, whatever the login was then. */
export async function requestsOf(
  { ids, login }: Named,
  more: RequestFilter,
  deps: Pick<ServerDeps, 'status'>,
): Promise<readonly StatusRow[]> {
  const whose = [
    ...[...ids].map((requesterId) => ({ requesterId })),
    ...(login === undefined ? [] : [{ requesterLogin: login }]),
  ]
  const found = (await Promise.all(whose.map((one) => deps.status({ ...more, ...one })))).flat()
  const rows = new Map(found.map((row) => [row.request.id, row]))
  return [...rows.values()].sort((a, b) => b.request.openedAt - a.request.openedAt)
}

/**
 * That nothing was found of somebody must not be a misspelling: an empty answer says that this person has nothing.
 * Throws otherwise.
 */
export async function mustBeSomebody(
  user: string,
  { ids, login }: Named,
  caller: Caller,
  deps: ServerDeps,
): Promise<void> {
  if (ids.size > 0) return
  const named = login === undefined ? [] : await deps.status({ requesterLogin: login })
  if (named.some((row) => maySee(caller, row, deps.facts))) return
  const [what, other] =
    login === undefined ? ['e-mail address', 'the GitHub login'] : ['GitHub login', 'an e-mail address']
  throw new Problem(
    'not_found',
    `Nobody here has the ${what} ${user}: no identities that you may see list it, and no request that you may see names it.`,
    `check its spelling, or name ${other}`,
  )
}

/** Because identities cannot be read; their repositories are named to those who see all. */
export function cannotTell(what: string, caller: Caller, facts: ServerFacts): Problem {
  const unread = facts.repositories.filter(({ id }) => caller.unread.has(id) && mayRead(caller, id, facts))
  const whose = unread.length === 0 ? 'a repository' : unread.map(({ name }) => name).join(', ')
  return new Problem(
    'unavailable',
    `Nobody can tell ${what}: the policies of ${whose} cannot be read.`,
    'ask an administrator, who sees all without --user; gitsudo server status says what is wrong',
  )
}
