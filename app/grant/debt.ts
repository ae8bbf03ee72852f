import type { Intent } from './intent.ts'
import type { Open } from './standing.ts'

/** Grants past their end, or being revoked, that a cloud has not yet confirmed gone (product.md), by the ledger. */
export type Debt = {
  readonly count: number
  /** How long the oldest is past its end, in milliseconds; 0 of what is revoked ahead of it. */
  readonly oldestMs: number
}

/** @param provider undefined: of all of them */
export const owed = (open: ReadonlyMap<string, Open>, now: number, provider?: string): readonly Intent[] =>
  [...open.values()].flatMap(({ intent, stage, blocked }) => {
    if (stage === 'scheduled' || (!blocked && now < intent.endsAt)) return []
    return provider === undefined || intent.provider === provider ? [intent] : []
  })

/** @param provider undefined: of all of them */
export const debtOf = (open: ReadonlyMap<string, Open>, now: number, provider?: string): Debt => {
  const debt = owed(open, now, provider)
  return {
    count: debt.length,
    oldestMs: debt.reduce((oldest, { endsAt }) => Math.max(oldest, now - endsAt), 0),
  }
}
