import type { Clock } from '../../../app/reconcile/ports/clock.ts'

/** A clock that stands still until it is told otherwise; epoch milliseconds. */
export const memoryClock = (
  start = 1_800_000_000_000,
): Clock & { set(to: number): void; advance(ms: number): void } => {
  let now = start
  return {
    now: () => now,
    set: (to) => {
      now = Math.max(now, to)
    },
    advance: (ms) => {
      now += ms
    },
  }
}
