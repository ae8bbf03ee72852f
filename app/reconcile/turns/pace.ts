/** How fast one place (an account, a cluster …) is asked, as its answers have shown. Times are of one stopwatch, in ms. */
export type Pace = {
  /** How many calls may be under way; it grows by fractions. */
  readonly limit: number
  /** Failures since the place last answered; above 0 it is ailing. */
  readonly failures: number
  /** Nothing is sent before. */
  readonly notBefore: number
  /** The last failure: what was sent before it says nothing new. */
  readonly failedAt: number
  readonly answeredAt: number
}

/** What became of a call. A refusal is an answer too. `retryAfter`: milliseconds. */
export type Outcome =
  | { readonly kind: 'answered' }
  | { readonly kind: 'throttled'; readonly retryAfter?: number }
  | { readonly kind: 'failed' }
  | { readonly kind: 'silent' }
  /** The call was given up for reasons of ours. */
  | { readonly kind: 'untold' }

const firstPauseMs = 100
/** Grants back off by themselves besides. */
const longestPauseMs = 10_000

export const startPace = (limit: number): Pace => ({
  limit,
  failures: 0,
  notBefore: Number.NEGATIVE_INFINITY,
  failedAt: Number.NEGATIVE_INFINITY,
  answeredAt: Number.NEGATIVE_INFINITY,
})

/**
 * The pace after a call's outcome: additive increase, multiplicative decrease, at most once for what was sent together.
 * Silence while nothing else is answered leaves one call at a time, to try. How long a place asks to be left alone is
 * heeded; `ProviderError` bounds it.
 */
export const heard = (pace: Pace, outcome: Outcome, sentAt: number, now: number, most: number): Pace => {
  if (outcome.kind === 'untold') return pace
  const news = sentAt >= pace.failedAt
  if (outcome.kind === 'answered') {
    if (!news) return { ...pace, answeredAt: now }
    return { ...pace, limit: Math.min(most, pace.limit + 1 / pace.limit), failures: 0, answeredAt: now }
  }
  const limit = outcome.kind === 'silent' && pace.answeredAt <= sentAt ? 1 : Math.max(1, pace.limit / 2)
  const own = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(pace.failures, 30))
  const pause = outcome.kind === 'throttled' ? (outcome.retryAfter ?? own) : limit === 1 ? own : 0
  if (!news) {
    // Of those sent together only how long to stay away counts.
    const asked = outcome.kind === 'throttled' && outcome.retryAfter !== undefined ? now + pause : now
    return { ...pace, notBefore: Math.max(pace.notBefore, asked) }
  }
  return {
    ...pace,
    limit,
    failures: pace.failures + 1,
    notBefore: Math.max(pace.notBefore, now + pause),
    failedAt: now,
  }
}
