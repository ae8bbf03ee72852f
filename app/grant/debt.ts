import type { Intent } from './intent.ts'
import type { Open } from './standing.ts'

/** Grants past their end, or being revoked, that a cloud has not yet confirmed gone (product.md), by the ledger. */
export type Debt = {
  readonly count: number
  /** For how long the oldest is to be gone, in milliseconds: since its end, or since its revocation ahead of that. */
  readonly oldestMs: number
}

/** @param provider undefined: of all of them. @returns each with the moment, epoch ms, since when it is to be gone */
export const owed = (
  open: ReadonlyMap<string, Open>,
  now: number,
  provider?: string,
): readonly { readonly intent: Intent; readonly since: number }[] =>
  [...open.values()].flatMap(({ intent, stage, blocked, blockedAt = intent.endsAt }) => {
    if (stage === 'scheduled' || (!blocked && now < intent.endsAt)) return []
    if (provider !== undefined && intent.provider !== provider) return []
    return [{ intent, since: Math.min(intent.endsAt, blockedAt) }]
  })

/** @param provider undefined: of all of them */
export const debtOf = (open: ReadonlyMap<string, Open>, now: number, provider?: string): Debt => {
  const debt = owed(open, now, provider)
  return {
    count: debt.length,
    oldestMs: debt.reduce((oldest, { since }) => Math.max(oldest, now - since), 0),
  }
}
