import { receiptText } from '../../audit/receipt.ts'
import type { ReconcileDeps } from '../deps.ts'
import { filedUnder } from '../observe/filed.ts'
import type { StatusRow } from '../ports/store.ts'

/** Checkpoints are made every 10 s; where they are not, the end is told without one. */
const patienceMs = 30_000

export type Receipts = {
  /** By request id: where each grant's end lies in the ledger. */
  readonly found: ReadonlyMap<string, string>
  /** An end is not sealed yet, or no checkpoint holds it, and one is about to. */
  readonly early: boolean
}

/** Where each grant's end lies in the ledger, and the checkpoint that holds it, for whoever wants to verify it. */
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
  let early = false
  for (const { request, grant } of rows) {
    if (grant?.state !== 'ended') continue
    const { events } = await filedUnder(deps, request.id)
    const end = events.findLast(
      ({ event }) =>
        (event.type === 'grant.expired' || event.type === 'grant.revoked') && deps.keys.verify(event),
    )
    const newest = await deps.checkpoints.newest()
    const holds = end !== undefined && newest !== undefined && newest.size >= end.seq
    if (!holds && deps.clock.now() < (grant.endedAt ?? 0) + patienceMs) early = true
    if (end !== undefined) found.set(request.id, receiptText(end, holds ? newest : undefined))
  }
  return { found, early }
}
