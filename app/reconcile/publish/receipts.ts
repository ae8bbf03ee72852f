import type { EventType, LedgerEvent } from '../../audit/event.ts'
import { receiptText } from '../../audit/receipt.ts'
import type { ReconcileDeps } from '../deps.ts'
import { filedUnder } from '../observe/filed.ts'
import type { StatusRow } from '../ports/store.ts'

/** What the comment has a receipt of, by the grant's state. */
const shown: Partial<Record<string, readonly EventType[]>> = {
  active: ['grant.issued'],
  revoking: ['grant.issued'],
  quarantined: ['grant.issued'],
  ended: ['grant.expired', 'grant.revoked'],
}

/** Checkpoints are made every 10 s; where they are not, the end is told without one. */
const patienceMs = 30_000

/** Who had a grant taken away, where that was a person, and the reason given. */
export type Revoked = { readonly by?: string; readonly why: string }

export type Receipts = {
  /** By request id: where what became of each grant lies in the ledger. */
  readonly found: ReadonlyMap<string, string>
  /** By request id. */
  readonly revoked: ReadonlyMap<string, Revoked>
  /** An end is not sealed yet, or no checkpoint holds it, and one is about to. */
  readonly early: boolean
}

/**
 * Where the grant, or its end, lies in the ledger, for whoever wants to verify it; with the checkpoint that holds it,
 * which only an end waits for.
 */
export const receiptsOf = async (
  deps: {
    readonly ledger: Pick<ReconcileDeps['ledger'], 'history' | 'remains'>
    readonly log: ReconcileDeps['log']
    readonly checkpoints: Pick<ReconcileDeps['checkpoints'], 'newest'>
    readonly keys: Pick<ReconcileDeps['keys'], 'verify'>
    readonly clock: ReconcileDeps['clock']
  },
  rows: readonly StatusRow[],
): Promise<Receipts> => {
  const found = new Map<string, string>()
  const revoked = new Map<string, Revoked>()
  let early = false
  for (const { request, grant } of rows) {
    const types = grant && shown[grant.state]
    if (grant === undefined || types === undefined) continue
    const { events } = await filedUnder(deps, request.id)
    const last = events.findLast(({ event }) => types.includes(event.type) && deps.keys.verify(event))
    const newest = await deps.checkpoints.newest()
    const holds = last !== undefined && newest !== undefined && newest.size >= last.seq
    if (grant.state === 'ended' && !holds && deps.clock.now() < (grant.endedAt ?? 0) + patienceMs)
      early = true
    if (last !== undefined) found.set(request.id, receiptText(last, holds ? newest : undefined))
    const intended = events.find(
      ({ event }) => event.type === 'grant.revoke_intended' && deps.keys.verify(event),
    )
    if (intended !== undefined) revoked.set(request.id, revokedBy(intended.event))
  }
  return { found, revoked, early }
}

const revokedBy = ({ actor: { kind, id, login = id }, data: { why } }: LedgerEvent): Revoked => ({
  ...(kind === 'user' ? { by: login } : {}),
  why: typeof why === 'string' ? why : '',
})
