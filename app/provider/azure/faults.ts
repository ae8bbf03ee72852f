import { type FaultKind, ProviderError } from '../port.ts'
import { retryAfterOf } from '../retry-after.ts'
import type { Heard } from './credentials.ts'

/** What a call wanted, for the words of its error. `permission`: the action that it takes. */
type Wanted = { readonly call: string; readonly scope: string; readonly permission: string }

/** What says more than its status (Azure docs: "Troubleshoot Azure RBAC", "Common errors" of role requests). */
const kinds: Readonly<Record<string, FaultKind>> = {
  // The directory may only not have heard of the principal yet: that takes minutes, and says nothing of Azure's health.
  PrincipalNotFound: 'conflict',
  RoleAssignmentExists: 'invalid',
  RoleAssignmentUpdateNotPermitted: 'invalid',
  // With which status is not documented; as a conflict it would be tried until the grant's end.
  RoleAssignmentLimitExceeded: 'invalid',
  PendingRoleAssignmentRequest: 'conflict',
  ActiveDurationTooShort: 'conflict',
}

/** Azure's refusal or silence, classified. */
export const classify = (error: unknown, { call, scope, permission }: Wanted): ProviderError => {
  const refused = refusedCredentials(error)
  if (refused !== undefined) return refused
  const status = statusOf(error)
  const kind = kinds[codeOf(error) ?? ''] ?? kindOf(status, error)
  const missing = status === 403 ? `permission ${permission} is missing: ` : ''
  const retryAfter = kind === 'throttled' ? askedOf(error) : undefined
  return new ProviderError(kind, `azure: ${call} of ${scope}: ${missing}${wordsOf(error)}`, {
    cause: error,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  })
}

/** The code in Azure's answer, such as `RoleAssignmentExists`. */
export const codeOf = (error: unknown): string | undefined => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

/** The status of Azure's answer; Entra's client calls it otherwise. */
export const statusOf = (error: unknown): number | undefined => {
  if (!(error instanceof Error)) return undefined
  const status = 'statusCode' in error ? error.statusCode : 'status' in error ? error.status : undefined
  return typeof status === 'number' ? status : undefined
}

const kindOf = (status: number | undefined, error: unknown): FaultKind => {
  if (status === undefined) return neverSent(error) ? 'unavailable' : 'unknown'
  if (status === 429) return 'throttled'
  if (status === 409 || status === 412) return 'conflict'
  if (status === 404) return 'not_found'
  if (status === 401 || status === 403) return 'forbidden'
  if (status === 400) return 'invalid'
  return status >= 500 ? 'unavailable' : 'unknown'
}

const credentialErrors = [
  'AuthenticationError',
  'AuthenticationRequiredError',
  'CredentialUnavailableError',
  'ClientConfigurationError',
]

/** Whether there was no token to send the call with: what `@azure/identity` throws. */
export const isWithoutToken = (error: unknown): error is Error =>
  error instanceof Error && credentialErrors.includes(error.name)

const refusedCredentials = (error: unknown): ProviderError | undefined => {
  if (!isWithoutToken(error)) return undefined
  const chain = causes(error)
  const heard = 'heard' in error ? (error.heard as Heard) : undefined
  const status = chain.map(statusOf).find((one) => one !== undefined) ?? heard?.status
  const kind =
    chain.some(isNetwork) || (status ?? 0) >= 500 ? 'unavailable' : status === 429 ? 'throttled' : 'forbidden'
  const what = kind === 'forbidden' ? 'Entra refuses the configured credentials' : 'no token to be had'
  const retryAfter = kind === 'throttled' ? heard?.retryAfter : undefined
  return new ProviderError(kind, `azure: ${what}: ${wordsOf(error)}`, {
    cause: error,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  })
}

const wordsOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').trim().slice(0, 600)

const networkCodes = [
  'REQUEST_SEND_ERROR',
  'ECONNREFUSED',
  'ENOTFOUND',
  'ECONNRESET',
  'ETIMEDOUT',
  'EAI_AGAIN',
]

const isNetwork = (error: Error): boolean =>
  networkCodes.includes(codeOf(error) ?? '') || ('errorCode' in error && error.errorCode === 'network_error')

const neverSent = (error: unknown): boolean =>
  causes(error).some((one) => ['ECONNREFUSED', 'ENOTFOUND'].includes(codeOf(one) ?? ''))

const causes = (error: unknown): readonly Error[] =>
  error instanceof Error ? [error, ...causes(error.cause)] : []

const askedOf = (error: unknown): number | undefined => {
  const { response } = error as {
    readonly response?: { readonly headers: { get(name: string): string | undefined } }
  }
  return retryAfterOf(response?.headers.get('retry-after'))
}
