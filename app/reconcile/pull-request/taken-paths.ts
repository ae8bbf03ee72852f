import type { EventType, LedgerEvent } from '../../audit/event.ts'
import type { RequestFacts } from '../../decision/facts.ts'
import { requestId } from '../../request/id.ts'
import { filedUnder } from '../observe/filed.ts'
import type { ObserveDeps, Observed } from '../observe/pull.ts'
import type { Mirror } from '../ports/git.ts'
import type { RepositorySettings } from '../ports/settings.ts'

/** Events that say that there is a grant, or will be. */
const granted: readonly EventType[] = ['grant.intended', 'grant.scheduled']

/**
 * A path that another pull request was granted for is used up (trust.md 3.4): one merge can mark two pull
 * requests with one head as merged (6.06b), and what both add is new to both.
 */
export const withGrantedPaths = async (deps: ObserveDeps, observed: Observed): Promise<Observed> => {
  const isGranted = await grantedIn(deps, observed.facts.repository)
  return withTaken(observed, async ({ id: own, path }) => {
    if (isGranted(own, path)) return true
    for (const { id, state } of await deps.store.requestsOfPath(observed.facts.repository.id, path)) {
      if (id === own) continue
      const { events, whole } = await filedUnder(deps, id)
      const sealed = events.some(({ event }) => granted.includes(event.type))
      if (sealed || !whole || state === 'granted') return true
    }
    return false
  })
}

/**
 * Whether the ledger has a path as granted to another, whose row somebody may have hidden (trust.md 5.2): one that stands,
 * that is over since less than a day, far more than merges of one head are decided apart, or that waits for its seal.
 */
const grantedIn = async (
  { ledger }: Pick<ObserveDeps, 'ledger'>,
  { id: repository }: { readonly id: number },
) => {
  const waiting: LedgerEvent[] = []
  for (const type of granted) waiting.push(...(await ledger.waiting(type)))
  const { open, over } = await ledger.standing()
  return (own: string, path: string): boolean => {
    const isTaken = (
      id: string | undefined,
      lay: { readonly repository?: number | undefined; readonly path?: unknown },
    ) => id !== own && lay.repository === repository && lay.path === path
    return (
      waiting.some(({ grant, repo, data }) => isTaken(grant, { repository: repo, path: data.path })) ||
      open.entries().some(([id, { intent }]) => isTaken(id, intent)) ||
      over.entries().some(([id, lay]) => isTaken(id, lay))
    )
  }
}

/**
 * So is one that was refused on the branch before, which the branch's history need not tell: somebody may have rewritten
 * it. What was refused of this same merge takes nothing from it (6.06b).
 */
export const withRefusedPaths = (
  deps: ObserveDeps,
  { id: repository, branch }: RepositorySettings,
  observed: Observed,
): Promise<Observed> =>
  withTaken(observed, async ({ id: own, path }) => {
    const rows = await deps.store.requestsOfPath(repository, path)
    for (const { id, pull } of [{ id: requestId(repository, 0, path), pull: 0 }, ...rows]) {
      if (id === own) continue
      const { events, whole } = await filedUnder(deps, id)
      if (!whole) return true
      for (const { event } of events) {
        if (event.type !== 'grant.refused') continue
        if (await cameAlong(deps.git.mirror(repository), observed, event.commit)) continue
        // What merged into another branch did not reach this one.
        if (pull === 0 || (await deps.github.repository(repository).pull(pull)).base.ref === branch)
          return true
      }
    }
    return false
  })

const cameAlong = async (
  mirror: Mirror,
  { pull: { mergeCommit }, diff: { before } }: Observed,
  commit: string | undefined,
): Promise<boolean> =>
  commit !== undefined &&
  mergeCommit !== undefined &&
  (await mirror.has(commit)) &&
  (await mirror.isAncestor(commit, mergeCommit)) &&
  !(await mirror.isAncestor(commit, before))

const withTaken = async (
  observed: Observed,
  isTaken: (request: RequestFacts) => Promise<boolean>,
): Promise<Observed> => {
  const requests: RequestFacts[] = []
  for (const request of observed.facts.requests)
    requests.push({ ...request, usedUp: request.usedUp || (await isTaken(request)) })
  return { ...observed, facts: { ...observed.facts, requests } }
}
