import type { LedgerEvent } from '../../audit/event.ts'
import type { Decision, RequestDecision } from '../../decision/decision.ts'
import { decisionData } from '../../decision/decision-data.ts'
import type { RequestFacts } from '../../decision/facts.ts'
import { userActor } from '../../grant/events.ts'
import type { ObserveDeps } from '../observe/pull.ts'
import type { PullRequest } from '../ports/github.ts'
import type { RequestRow, Tx } from '../ports/store.ts'
import { type Basis, createdData, evaluatedEvent, requestEvent, type Subject, subjectOf } from './events.ts'
import { rowOf, saysMore } from './rows.ts'

/** A decision on a pull request, and what goes on record with it. */
export type Decided = {
  readonly decision: Decision
  readonly requests: readonly RequestFacts[]
  readonly basis: Basis
}

/** A decision's word on one request, ready for the record. */
export type Ruling = {
  readonly pull: PullRequest
  readonly facts: RequestFacts
  readonly decision: Decision
  readonly verdict: RequestDecision
  readonly basis: Basis
  /** Brought up to the facts; in the state it had. */
  readonly row: RequestRow
  /** Nothing was known of it before, or it starts over. */
  readonly fresh: boolean
  /** It says something that the last one did not. */
  readonly news: boolean
  readonly of: Subject
  readonly data: LedgerEvent['data']
}

/** What was known of the pull request: its rows as saved, the decision before, from when on reviews count. */
type Known = {
  readonly rows: readonly RequestRow[]
  readonly last: Decision | undefined
  readonly reviewsFrom: number | undefined
}

/** What a decision says of each request of a pull request. */
export const rulingsOf = (
  deps: Pick<ObserveDeps, 'settings'>,
  pull: PullRequest,
  { decision, requests, basis }: Decided,
  { rows, last, reviewsFrom }: Known,
): readonly Ruling[] =>
  requests.map((facts) => {
    const verdict = decision.requests.find(({ id }) => id === facts.id)
    if (verdict === undefined) throw new Error(`no decision on ${facts.path}`)
    const before = rows.find(({ id }) => id === facts.id)
    const { repository } = decision
    const { pendingTtlMs } = deps.settings
    const row = rowOf(before, facts, pull, { repository, now: decision.at, pendingTtlMs, reviewsFrom })
    return {
      pull,
      facts,
      decision,
      verdict,
      basis,
      row: { ...row, decision },
      fresh: row.openedAt !== before?.openedAt,
      news: saysMore(decision, verdict, last),
      of: subjectOf(facts.id, repository, pull),
      data: decisionData(decision, verdict, facts, basis.grounds),
    }
  })

/** Puts on record that it is there, and what was decided, where either is new. @returns what `ledger.sealed` takes */
export const recordNews = async (
  deps: Pick<ObserveDeps, 'ledger' | 'keys'>,
  tx: Tx,
  { pull, decision: { at }, basis, row, fresh, news, of, data }: Ruling,
): Promise<readonly string[]> => {
  if (fresh)
    await deps.ledger.stage(
      tx,
      requestEvent('request.created', at, userActor(pull.author), of, createdData(row)),
    )
  if (!news) return []
  return [await deps.ledger.stage(tx, evaluatedEvent(deps.keys, at, of, data, basis), basis.evidence)]
}
