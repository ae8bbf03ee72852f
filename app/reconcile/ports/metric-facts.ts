import type { GrantState } from '../../grant/state.ts'

/** What is counted in the database at the moment of a scrape, the same on every replica. Times in epoch ms. */
export type MetricFacts = {
  readonly grants: Readonly<Partial<Record<GrantState, number>>>
  /** Grants past their end that a cloud has not yet confirmed gone. */
  readonly revocationDebt: { readonly count: number; readonly oldestEnd?: number }
  /** When each cloud was last compared with the ledger to the end. Absent: never yet. */
  readonly clouds: readonly { readonly provider: string; readonly lookedAt?: number }[]
  /** Events staged and not yet sealed. */
  readonly ledgerLag: { readonly count: number; readonly oldest?: number }
  /** When the oldest event came that no anchor holds. Absent: none waits, or nothing was ever anchored. */
  readonly unanchoredSince?: number
}
