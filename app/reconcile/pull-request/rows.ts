import type { LedgerEvent } from '../../audit/event.ts'
import type { Decision, RequestDecision, Verdict } from '../../decision/decision.ts'
import type { RequestFacts } from '../../decision/facts.ts'
import type { RequestState } from '../../grant/state.ts'
import type { PullRequest } from '../ports/github.ts'
import type { RequestRow } from '../ports/store.ts'

/** The state an open request has after a verdict; trouble is never better than `pending`. */
export const openState = (verdict: Verdict): RequestState =>
  verdict === 'passed' ? 'approved' : verdict === 'denied' ? 'denied' : 'pending'

/** Whether a verdict, a closing or a merge can still change it. */
export const isOpen = ({ state }: Pick<RequestRow, 'state'>): boolean =>
  state === 'pending' || state === 'approved' || state === 'denied'

/**
 * Since when a request is open: what was cancelled starts over with the reopening (trust.md 6.23).
 * @param reopened when its pull request was opened again the last time, epoch ms
 */
export const openSince = (
  { state, openedAt }: Pick<RequestRow, 'state' | 'openedAt'>,
  reopened: number | undefined,
): number => (state === 'cancelled' ? Math.max(openedAt, reopened ?? openedAt) : openedAt)

/** The same by the request's own events; undefined where none tells of its opening. */
export const openSinceBy = (
  events: readonly Pick<LedgerEvent, 'type' | 'at'>[],
  reopened: number | undefined,
): number | undefined => {
  let row: Pick<RequestRow, 'state' | 'openedAt'> | undefined
  for (const { type, at } of events) {
    if (type === 'request.created' && row?.state !== 'pending')
      row = { state: 'pending', openedAt: Date.parse(at) }
    if (type === 'request.cancelled' && row !== undefined) row = { ...row, state: 'cancelled' }
  }
  return row === undefined ? undefined : openSince(row, reopened)
}

/** A request's row brought up to its newest facts; version 0 when it is new. */
export const rowOf = (
  before: RequestRow | undefined,
  facts: Pick<RequestFacts, 'id' | 'path' | 'blob'> & Partial<Pick<RequestFacts, 'read' | 'requester'>>,
  pull: PullRequest,
  at: {
    readonly repository: number
    readonly now: number
    readonly pendingTtlMs: number
    readonly reviewsFrom: number | undefined
  },
): RequestRow => {
  const openedAt = before === undefined ? at.now : openSince(before, at.reviewsFrom)
  const reviewsFrom = at.reviewsFrom ?? before?.reviewsFrom
  const said = facts.read?.ok ? facts.read.request : undefined
  const person =
    facts.requester !== undefined && 'person' in facts.requester ? facts.requester.person : undefined
  return {
    id: facts.id,
    repository: at.repository,
    pull: pull.number,
    path: facts.path,
    state: before?.state ?? 'pending',
    headSha: pull.head.sha,
    blob: facts.blob,
    author: { id: pull.author.id, login: pull.author.login },
    openedAt,
    lookAt: openedAt + at.pendingTtlMs,
    version: before?.version ?? 0,
    ...(reviewsFrom === undefined ? {} : { reviewsFrom }),
    ...(said === undefined
      ? {}
      : {
          requester: person ?? { login: said.requester },
          provider: said.provider,
          role: said.role,
          scope: said.scope,
          durationSeconds: said.durationSeconds,
          reason: said.reason,
          metadata: said.metadata,
          ...(said.startsAt === undefined ? {} : { startsAt: said.startsAt }),
        }),
  }
}

/** Whether a new decision says something the last one did not, so that it deserves an event. */
export const saysMore = (
  decision: Decision,
  request: RequestDecision,
  before: Decision | undefined,
): boolean => {
  const old = before?.requests.find(({ id }) => id === request.id)
  return (
    before === undefined ||
    old === undefined ||
    before.moment !== decision.moment ||
    before.policyCommit !== decision.policyCommit ||
    old.blob !== request.blob ||
    old.verdict !== request.verdict ||
    old.summary !== request.summary ||
    JSON.stringify(old.terms) !== JSON.stringify(request.terms)
  )
}
