import type { ProviderName, RequestId } from '../request/request.ts'
import type { Configured } from './configured.ts'

/** Why a grant ends, as its last event says. */
export type EndCause = 'expired' | 'revoked' | 'revoked externally'

/**
 * What was approved, as sealed and signed in `grant.intended` (or `grant.scheduled`, without an end).
 * Providers take their arguments from a verified intent and from nothing else (trust.md 5.1).
 */
export type Intent = {
  readonly grant: RequestId
  readonly repository: number
  readonly pull: number
  readonly mergeCommit: string
  readonly path: string
  readonly blob: string
  readonly requester: { readonly id: number; readonly login: string }
  /** The requester's principal in the cloud. */
  readonly principal: string
  readonly provider: ProviderName
  readonly role: string
  readonly cloudRole: string
  readonly scope: string
  /** Its sessions may assume further roles, as the catalogue said (providers.md, AWS). */
  readonly chain?: true
  /** The policies asked for no approver. */
  readonly auto?: true
  /**
   * Where in a cloud without marks nothing was before the first write, as the cloud names it: by `grant.observed`, which
   * is sealed after the intent.
   */
  readonly place?: string
  /** What its place in the cloud is derived from, as configured when it was intended; older intents do not say. */
  readonly configured?: Configured
  readonly reason: string
  /** The request's, for the policies that weigh this grant beside another; absent where there is none. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Epoch milliseconds; fixed once (trust.md 3.8). */
  readonly startsAt: number
  readonly endsAt: number
}
