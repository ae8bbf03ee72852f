import { GitHubError } from '../reconcile/ports/github.ts'

/** docs.github.com, "Best practices for using the REST API": without a header, wait at least a minute. */
const secondaryWaitMs = 60_000

type Failed = {
  readonly status: number
  readonly message: string
  readonly headers: Readonly<Record<string, unknown>>
  readonly what: string
}

/**
 * What went wrong, in the port's words.
 *
 * @param what `GET /path`, for people
 * @param now epoch ms
 */
export function asGitHubError(error: unknown, what: string, now: number): GitHubError {
  if (error instanceof GitHubError) return error
  const failed = readFailure(error, what)
  if (!failed)
    return new GitHubError('unavailable', `${what} got no answer: ${reason(error)}`, { cause: error })
  const { status, message } = failed
  // The library's error holds the request, and with it what was sent.
  const cause = new Error(`${what} answered ${status}: ${message}`)
  const say = (code: GitHubError['code'], sentence: string, retryAt?: number) =>
    new GitHubError(code, `${sentence} (${what}: ${message})`, {
      cause,
      ...(retryAt === undefined ? {} : { retryAt }),
    })

  if (status === 401) return say('forbidden', "GitHub does not accept the App's credentials")
  if (status === 403 || status === 429) {
    const retryAt = limitedUntil(failed, now)
    if (retryAt !== undefined) return say('rate_limited', 'GitHub asks to wait', retryAt)
    return say('forbidden', 'GitHub refuses: has the App this permission, and is it still installed?')
  }
  if (status === 404 || status === 410)
    return say('not_found', 'GitHub has no such thing, or does not show it to the App')
  // Another merge came in between: the same question has another answer a moment later.
  if (status === 405 && /base branch was modified/i.test(message))
    return say('base_moved', 'the base branch moved meanwhile')
  if (status === 405) return say('not_mergeable', 'GitHub does not merge this')
  if (status === 409) return say('conflict', 'GitHub says that something changed meanwhile')
  if (status < 500) return say('invalid', 'GitHub does not take this')
  return say('unavailable', 'GitHub has trouble', headerTime(failed.headers['retry-after'], now))
}

function limitedUntil({ status, message, headers }: Failed, now: number): number | undefined {
  const asked = headerTime(headers['retry-after'], now)
  if (asked !== undefined) return asked
  if (Number(headers['x-ratelimit-remaining'] ?? 1) === 0) {
    const reset = Number(headers['x-ratelimit-reset'])
    return Number.isFinite(reset) && reset > 0 ? Math.max(reset * 1000, now + 1000) : now + secondaryWaitMs
  }
  return status === 429 || /secondary rate limit|abuse detection/i.test(message)
    ? now + secondaryWaitMs
    : undefined
}

/** `Retry-After`: seconds or a date (RFC 9110, 10.2.3). */
function headerTime(value: unknown, now: number): number | undefined {
  if (value === undefined || value === null || value === '') return undefined
  const seconds = Number(value)
  const at = Number.isFinite(seconds) ? now + seconds * 1000 : Date.parse(String(value))
  return Number.isNaN(at) ? undefined : at
}

/**
 * Octokit gives a failed fetch status 500 as well, but no answer with it. Its Enterprise plugin replaces some
 * 404s by an error of its own, which keeps the status and loses the answer.
 */
function readFailure(error: unknown, what: string): Failed | undefined {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return undefined
  const response = 'response' in error ? error.response : undefined
  const headers =
    typeof response === 'object' && response !== null && 'headers' in response ? response.headers : undefined
  if (!headers && error.status >= 500) return undefined
  return { status: error.status, message: error.message.slice(0, 500), headers: { ...(headers ?? {}) }, what }
}

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error))
