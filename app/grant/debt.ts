import type { Open } from './standing.ts'

/** Grants past their end, or being revoked, that a cloud has not yet confirmed gone (product.md), by the ledger. */
export type Debt = {
  readonly count: number
  /** How long the oldest is past its end, in milliseconds; 0 of what is revoked ahead of it. */
  readonly oldestMs: number
}

/** @param provider undefined: of all of them */
export const debtOf = (open: ReadonlyMap<string, Open>, now: number, provider?: string): Debt => {
  let [count, oldestMs] = [0, 0]
  for (const { intent, stage, blocked } of open.values()) {
    if (stage === 'scheduled' || (!blocked && now < intent.endsAt)) continue
    if (provider !== undefined && intent.provider !== provider) continue
    count++
    oldestMs = Math.max(oldestMs, now - intent.endsAt)
  }
  return { count, oldestMs }
}
