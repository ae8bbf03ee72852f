import { type FaultKind, ProviderError } from '../port.ts'
import { retryAfterOf } from '../retry-after.ts'

/** What a call wanted, for the words of its error. */
export type Wanted = { readonly call: string; readonly of: string; readonly permission: string }

type Answer = {
  readonly name: string
  readonly message: string
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
  /** Of the metadata server's answer, which the SDK tells otherwise. */
  readonly statusCode?: number
  readonly code?: string
  readonly cause?: unknown
}

/** Each service has names of its own for the same trouble ("Common errors" of their API references). */
const kinds: Readonly<Record<string, FaultKind>> = {
  Throttling: 'throttled',
  ThrottlingException: 'throttled',
  ThrottledException: 'throttled',
  RequestLimitExceeded: 'throttled',
  TooManyRequestsException: 'throttled',
  PriorRequestNotComplete: 'throttled',
  ConcurrentModification: 'conflict',
  ConcurrentModificationException: 'conflict',
  ConflictException: 'conflict',
  EntityTemporarilyUnmodifiable: 'conflict',
  NoSuchEntity: 'not_found',
  NoSuchEntityException: 'not_found',
  ResourceNotFoundException: 'not_found',
}

/** Codes of credentials that are no longer, or never were, taken. */
const stale: readonly string[] = [
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
]
/** The SDK found no keys, or could not have them exchanged. */
const keyless: readonly string[] = [
  'CredentialsProviderError',
  'TokenProviderError',
  'InvalidIdentityToken',
  'InvalidIdentityTokenException',
  'IDPRejectedClaim',
]

const firstBackOffMs = 1000

/** AWS's refusal or silence, classified. */
export const classify = (error: unknown, { call, of, permission }: Wanted): ProviderError => {
  const answer = answerOf(error)
  const kind = kindOf(answer)
  const said = answer?.message || answer?.name || String(error)
  const why =
    kind !== 'forbidden'
      ? said
      : isStale(error) || keyless.includes(answer?.name ?? '')
        ? `AWS refuses the configured credentials: ${said}`
        : `permission ${/is not authorized to perform: (\S+)/.exec(said)?.[1] ?? permission} is missing: ${said}`
  return new ProviderError(kind, `aws: ${call} of ${of}: ${why}`, {
    cause: error,
    ...(kind === 'throttled' ? { retryAfter: askedOf(answer) } : {}),
  })
}

/** Whether other credentials might be taken. */
export const isStale = (error: unknown): boolean => stale.includes(answerOf(error)?.name ?? '')

/** Whether the role's trust policy, or gitsudo's own, lacks exactly this action. */
export const lacks = (error: unknown, action: string): boolean => {
  const answer = answerOf(error)
  return answer?.name === 'AccessDenied' && answer.message.includes(`not authorized to perform: ${action} `)
}

/** Whether the role's inline policies have no room for more. */
export const isFull = (error: unknown): boolean =>
  ['LimitExceeded', 'LimitExceededException'].includes(answerOf(error)?.name ?? '')

const kindOf = (answer: Answer | undefined): FaultKind => {
  if (answer === undefined) return 'unknown'
  const known = kinds[answer.name]
  if (known !== undefined) return known
  if (isStale(answer)) return 'forbidden'
  if (keyless.includes(answer.name)) return isNetwork(answer) ? 'unavailable' : 'forbidden'
  const status = answer.$metadata?.httpStatusCode
  if (status === undefined)
    return neverSent(answer) || (answer.statusCode ?? 0) >= 500 ? 'unavailable' : 'unknown'
  if (status === 429) return 'throttled'
  if (status === 401 || status === 403) return 'forbidden'
  if (status >= 500) return 'unavailable'
  return status >= 400 ? 'invalid' : 'unknown'
}

const answerOf = (error: unknown): Answer | undefined => (error instanceof Error ? error : undefined)

const causesOf = function* (error: Answer): Generator<Answer> {
  for (let one: Answer | undefined = error; one !== undefined; one = answerOf(one.cause)) yield one
}
const neverSent = (error: Answer): boolean =>
  [...causesOf(error)].some(({ code }) => code === 'ECONNREFUSED' || code === 'ENOTFOUND')
const isNetwork = (error: Answer): boolean =>
  [...causesOf(error)].some(({ code, name }) => code?.startsWith('E') === true || name === 'TimeoutError')

/** Milliseconds: the header's seconds, which AWS sends now and then, else a moment. */
const askedOf = (answer: Answer | undefined): number =>
  retryAfterOf(answer?.$response?.headers?.['retry-after']) ?? firstBackOffMs
