import { type FaultKind, ProviderError } from '../port.ts'
import { retryAfterOf } from '../retry-after.ts'

/** What a call wanted, for the words of its error. */
type Wanted = { readonly call: string; readonly resource: string; readonly permission?: string }

type Answer = {
  readonly status?: number
  /** The SDK's own class, not Node's. */
  readonly headers?: { get?(name: string): string | null }
  readonly data?: { readonly error?: { readonly message?: string; readonly details?: unknown } }
}

/** Google's refusal or silence, classified (AIP-193: the status, and what `details` add). */
export const classify = (error: unknown, { call, resource, permission }: Wanted): ProviderError => {
  const answer = answerOf(error)
  const status = statusOf(error)
  const details = detailsOf(answer)
  const kind = kindOf(status, details, error)
  // Where the API is not enabled Google says so, and nobody's permission is asked for.
  const lacking = kind === 'forbidden' && !details.some(({ reason }) => reason === 'SERVICE_DISABLED')
  const missing = lacking && permission !== undefined ? `permission ${permission} is missing: ` : ''
  const retryAfter = kind === 'throttled' ? askedOf(answer, details) : undefined
  return new ProviderError(kind, `gcp: ${call} of ${resource}: ${missing}${wordsOf(error)}`, {
    cause: error,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  })
}

/** What kept gitsudo from a token, classified: no answer but a refusal says anything of what is configured. */
export const withoutToken = (error: unknown): ProviderError => {
  const [answer, status] = [answerOf(error), statusOf(error)]
  const told = kindOf(status, detailsOf(answer), error)
  const away = told === 'unavailable' || (status === undefined && isNetwork(error))
  const kind = told === 'throttled' ? told : away ? 'unavailable' : 'forbidden'
  const retryAfter = kind === 'throttled' ? askedOf(answer, detailsOf(answer)) : undefined
  const what = kind === 'forbidden' ? 'Google refuses the configured credentials' : 'no token to be had'
  return new ProviderError(kind, `gcp: ${what}: ${wordsOf(error)}`, {
    cause: error,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  })
}

export const statusOf = (error: unknown): number | undefined => answerOf(error)?.status

/** What Google said, else what the network said. */
const wordsOf = (error: unknown): string =>
  answerOf(error)?.data?.error?.message ?? (error instanceof Error ? error.message : String(error))

const kindOf = (status: number | undefined, details: readonly Detail[], error: unknown): FaultKind => {
  if (status === undefined) return neverSent(error) ? 'unavailable' : 'unknown'
  if (status === 429 || details.some(({ reason }) => reason === 'RATE_LIMIT_EXCEEDED')) return 'throttled'
  if (status === 409 || status === 412) return 'conflict'
  if (status === 404) return 'not_found'
  if (status === 401 || status === 403) return 'forbidden'
  if (status === 400) return 'invalid'
  return status >= 500 ? 'unavailable' : 'unknown'
}

const isNetwork = (error: unknown): boolean =>
  error instanceof Error && ('code' in error || error.cause instanceof Error)

const neverSent = (error: unknown): boolean => {
  for (let one = error; one instanceof Error; one = one.cause) {
    if ('code' in one && (one.code === 'ECONNREFUSED' || one.code === 'ENOTFOUND')) return true
  }
  return false
}

const answerOf = (error: unknown): Answer | undefined =>
  error instanceof Error && 'response' in error ? (error.response as Answer | undefined) : undefined

type Detail = { readonly reason?: string; readonly retryDelay?: string }

const detailsOf = (answer: Answer | undefined): readonly Detail[] => {
  const details = answer?.data?.error?.details
  return Array.isArray(details) ? details.filter((one) => typeof one === 'object' && one !== null) : []
}

/** Milliseconds: the header in seconds, else `google.rpc.RetryInfo`, written like `1.5s`. */
const askedOf = (answer: Answer | undefined, details: readonly Detail[]): number | undefined => {
  const header = answer?.headers?.get?.('retry-after')
  const text = header ?? details.find(({ retryDelay }) => retryDelay !== undefined)?.retryDelay
  return retryAfterOf(text?.replace(/s$/, ''))
}
