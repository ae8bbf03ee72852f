import type { LedgerEvent } from '../../../app/audit/event.ts'

/** The ends that were fixed in intents (trust.md 3.8): grant → epoch ms. */
export const endsOf = (sealed: readonly LedgerEvent[]): ReadonlyMap<string, number> =>
  new Map(
    sealed.flatMap(({ type, grant = '', data }) =>
      type === 'grant.intended' ? [[grant, Date.parse(String(data.ends_at))] as const] : [],
    ),
  )

/**
 * Of the grants that a cloud holds something for: those past their ends at `now` (epoch ms), and those that never had
 * one.
 */
export const outliving = (
  sealed: readonly LedgerEvent[],
  held: readonly string[],
  now: number,
): readonly string[] => {
  const ends = endsOf(sealed)
  return held.filter((grant) => (ends.get(grant) ?? 0) <= now)
}
