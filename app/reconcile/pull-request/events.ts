import type { Actor, EventType, Json, LedgerEvent } from '../../audit/event.ts'
import { type Grounds, groundsOf } from '../../decision/grounds.ts'
import { gitsudo } from '../../grant/events.ts'
import { writeInstant } from '../../request/instant.ts'
import type { Evidence } from '../ports/evaluator.ts'
import type { PullRequest } from '../ports/github.ts'
import type { Keys } from '../ports/keys.ts'
import type { RequestRow } from '../ports/store.ts'

/** Which request of which pull request an event is about, at which commit. */
export type Subject = {
  readonly id: string
  readonly repository: number
  readonly pull: number
  readonly commit: string
}

/** A request of this pull request, as it was merged, or as it stands. */
export const subjectOf = (id: string, repository: number, pull: PullRequest): Subject => ({
  id,
  repository,
  pull: pull.number,
  commit: pull.mergeCommit ?? pull.head.sha,
})

/** An event about one request of a pull request, at a moment in epoch milliseconds. */
export const requestEvent = (
  type: EventType,
  at: number,
  actor: Actor,
  of: Subject,
  data: Readonly<Record<string, Json>>,
): LedgerEvent => ({
  v: 1,
  type,
  at: writeInstant(at),
  actor,
  request: of.id,
  repo: of.repository,
  pull: of.pull,
  commit: of.commit,
  data,
})

/** What a request asks for, as `request.created` says it. */
export const createdData = (row: RequestRow): Readonly<Record<string, Json>> => ({
  path: row.path,
  blob: row.blob,
  requester: row.requester?.login ?? null,
  provider: row.provider ?? null,
  role: row.role ?? null,
  scope: row.scope ?? null,
  duration_seconds: row.durationSeconds ?? null,
  reason: row.reason ?? null,
})

/** What a decision rests on: everything, to be stored with its event, and by digest what it was made of. */
export type Basis = { readonly grounds: string; readonly evidence: readonly Evidence[] }

export const basisOf = (grounds: Grounds, evidence: readonly Evidence[] = []): Basis => {
  const own = groundsOf(grounds)
  return { grounds: own.digest, evidence: [...evidence, own] }
}

/**
 * `request.evaluated`: what was asked for then decides which reviews count once the policies change (trust.md 1.9).
 */
export const evaluatedEvent = (
  keys: Pick<Keys, 'sign'>,
  at: number,
  of: Subject,
  data: LedgerEvent['data'],
  basis: Basis,
): LedgerEvent => verdictEvent(keys, 'request.evaluated', { at, by: gitsudo }, of, data, basis)

/** Signed with all its evidence named, so that nobody else's stands in for it. `at`: epoch ms. */
export const verdictEvent = (
  keys: Pick<Keys, 'sign'>,
  type: EventType,
  { at, by }: { readonly at: number; readonly by: Actor },
  of: Subject,
  data: LedgerEvent['data'],
  { evidence }: Basis,
): LedgerEvent => {
  const named = Array.isArray(data.evidence) ? data.evidence.map(String) : []
  const all = [...new Set([...named, ...evidence.map(({ digest }) => digest)])].sort()
  return keys.sign(requestEvent(type, at, by, of, { ...data, evidence: all }))
}
