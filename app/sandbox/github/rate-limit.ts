import { GitHubError } from './errors.ts'

export type Budget = { readonly limit: number; readonly used: number; readonly resetSeconds: number }

export type RateLimits = {
  /** What is left to the caller, without using any of it. */
  budget(caller: string, limit: number): Budget
  /** Counts one request; throws GitHub's 403 when `enforced` and the hour's budget is used up. */
  spend(caller: string, limit: number): Budget
  /** Takes back what an answer 304 cost: it is free. */
  refund(caller: string, limit: number): Budget
  /** Counts one request that creates content: 80 a minute and 500 an hour (GitHub's secondary limit). */
  spendContent(caller: string): void
}

const HOUR = 3_600_000
const MINUTE = 60_000

/** https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api */
export function newRateLimits(clock: { now(): number }, enforced: boolean): RateLimits {
  const hours = new Map<string, { used: number; resetAt: number }>()
  const content = new Map<string, number[]>()
  const window = (caller: string) => {
    const now = clock.now()
    const known = hours.get(caller)
    if (known && known.resetAt > now) return known
    const fresh = { used: 0, resetAt: now + HOUR }
    hours.set(caller, fresh)
    return fresh
  }
  const budget = (caller: string, limit: number) => {
    const { used, resetAt } = window(caller)
    return { limit, used: Math.min(used, limit), resetSeconds: Math.ceil(resetAt / 1000) }
  }
  return {
    budget,
    spend: (caller, limit) => {
      const hour = window(caller)
      if (enforced && hour.used >= limit) {
        const reset = String(Math.ceil(hour.resetAt / 1000))
        throw new GitHubError(403, `API rate limit exceeded for ${caller}.`, undefined, {
          'x-ratelimit-limit': String(limit),
          'x-ratelimit-remaining': '0',
          'x-ratelimit-used': String(limit),
          'x-ratelimit-reset': reset,
          'x-ratelimit-resource': 'core',
        })
      }
      hour.used++
      return budget(caller, limit)
    },
    refund: (caller, limit) => {
      window(caller).used--
      return budget(caller, limit)
    },
    spendContent: (caller) => {
      if (!enforced) return
      const now = clock.now()
      const recent = (content.get(caller) ?? []).filter((at) => at > now - HOUR)
      const inMinute = recent.filter((at) => at > now - MINUTE)
      const wait = Math.max(
        inMinute.length >= 80 ? (inMinute[0] ?? now) + MINUTE - now : 0,
        recent.length >= 500 ? (recent[0] ?? now) + HOUR - now : 0,
      )
      if (wait > 0) throw secondaryLimit(Math.ceil(wait / 1000))
      content.set(caller, [...recent, now])
    },
  }
}

/** GitHub's answer to too much at once. */
export function secondaryLimit(retryAfterSeconds: number): GitHubError {
  return new GitHubError(
    403,
    'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
    undefined,
    { 'retry-after': String(retryAfterSeconds) },
  )
}
