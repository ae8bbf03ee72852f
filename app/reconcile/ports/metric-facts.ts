import type { Debt } from '../../grant/debt.ts'
import type { GrantState } from '../../grant/state.ts'

/** What the database and the ledger say at the moment of a scrape, the same on every replica. Times in epoch ms. */
export type MetricFacts = {
  readonly grants: Readonly<Partial<Record<GrantState, number>>>
  readonly revocationDebt: Debt
  /** When each cloud was last compared with the ledger to the end. Absent: never yet. */
  readonly clouds: readonly { readonly provider: string; readonly lookedAt?: number }[]
  /** Events staged and not yet sealed. */
  readonly ledgerLag: { readonly count: number; readonly oldest?: number }
  /** When the oldest event came that no anchor holds. Absent: none waits, or nothing was ever anchored. */
  readonly unanchoredSince?: number
}
