import { skewMs } from './bounds.ts'

/** The latest that a moment on record can have been by our own clock. `now`: when we know of it. */
export type Sighted = (of: string, moment: number, now: number) => number

/** Nothing that is measured from such a moment takes so long. */
const keepMs = 60 * 60_000

/**
 * What is on record may have been read from another replica's clock, which differs from ours by more than what is
 * measured from it: it was when we first knew of it at the latest, and not more than `skewMs` after what it says.
 */
export const createSighted = (): Sighted => {
  const first = new Map<string, number>()
  return (of, moment, now) => {
    for (const [key, at] of first) {
      if (now - at <= keepMs) break
      first.delete(key)
    }
    const key = `${of} ${moment}`
    const at = first.get(key) ?? now
    first.set(key, at)
    return Math.min(at, moment + skewMs)
  }
}
