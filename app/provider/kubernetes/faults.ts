import { type FaultKind, ProviderError } from '../port.ts'
import { retryAfterOf } from '../retry-after.ts'
import type { Answer } from './connection.ts'

/** What a call wanted. `permission`: a verb and a resource, as RBAC names them. */
export type Wanted = {
  readonly cluster: string
  readonly permission: string
  readonly writes: boolean
  /** Of the object that the call is about. */
  readonly name?: string
}

/** The parts of a Status (Kubernetes API conventions, "Response Status Kind") that say what was refused. */
type Status = {
  readonly message?: string
  readonly reason?: string
  readonly details?: {
    readonly name?: string
    readonly causes?: readonly { readonly reason?: string }[]
    readonly retryAfterSeconds?: unknown
  }
}

/** A create that found the name taken. */
export class TakenError extends ProviderError {}

/** The API server's own word that there is no object of that name; a 404 of anything before it is none. */
export class AbsentError extends ProviderError {}

/** An API server's refusal, classified. */
export const classify = (answer: Answer, wanted: Wanted): ProviderError => {
  const status = statusOf(answer.text)
  const kind = kindOf(answer.status, status, wanted)
  const retryAfter =
    kind === 'throttled' ? retryAfterOf(answer.retryAfter ?? status.details?.retryAfterSeconds) : undefined
  const said = status.message ?? `answered ${answer.status}`
  const message = `kubernetes: ${wanted.cluster}: ${wordsOf(answer.status, status, wanted)}${said}`
  if (status.reason === 'AlreadyExists') return new TakenError(kind, message)
  if (kind === 'not_found' && status.details?.name === wanted.name) return new AbsentError(kind, message)
  return new ProviderError(kind, message, {
    ...(retryAfter === undefined ? {} : { retryAfter }),
    // What the place ails with, not our reading of what it says (outcome.ts).
    ...(answer.status >= 500 ? { cause: new Error(`HTTP ${answer.status}`) } : {}),
  })
}

/** A call without an answer. What was never sent has not happened; of anything else nobody knows. */
export const silence = (error: unknown, { cluster }: Wanted): ProviderError => {
  const why = error instanceof Error ? error.message : String(error)
  return new ProviderError(
    neverSent(error) ? 'unavailable' : 'unknown',
    `kubernetes: ${cluster} did not answer: ${why}`,
    { cause: error },
  )
}

const kindOf = (code: number, { reason, details }: Status, { writes }: Wanted): FaultKind => {
  if (code === 429) return 'throttled'
  if (code === 409) return 'conflict'
  if (code === 404) return reason === 'NotFound' ? 'not_found' : 'unknown'
  // Nothing more comes into a namespace that is being deleted.
  if (details?.causes?.some((one) => one.reason === 'NamespaceTerminating')) return 'not_found'
  if (code === 401 || code === 403) return 'forbidden'
  if (code === 400 || code === 422 || reason === 'Invalid') return 'invalid'
  if (code < 500) return 'unknown'
  // "The request could not be completed in time", or a proxy lost the answer: a write may be done all the same.
  return code === 503 || !writes ? 'unavailable' : 'unknown'
}

const wordsOf = (code: number, { message = '' }: Status, { permission }: Wanted): string => {
  if (code === 401) return 'the configured credentials are refused: '
  if (code !== 403) return ''
  return message.includes('attempting to grant RBAC permissions not currently held')
    ? 'permission bind on this role is missing: '
    : `permission ${permission} is missing: `
}

const neverSent = (error: unknown): boolean => {
  if (!(error instanceof Error) || !('code' in error)) return false
  const syscall = 'syscall' in error ? error.syscall : undefined
  return (
    syscall === 'connect' ||
    syscall === 'getaddrinfo' ||
    // A token or a certificate that cannot be read.
    syscall === 'open' ||
    /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/.test(String(error.code))
  )
}

const statusOf = (text: string): Status => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** Where gitsudo may not read roles, nobody is asked whether they are in force. */
export const unlessForbidden = (error: unknown): readonly [] => {
  if (error instanceof ProviderError && error.kind === 'forbidden') return []
  throw error
}
