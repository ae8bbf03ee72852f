import type { Configured } from '../../grant/configured.ts'
import type { Reach } from '../../grant/grantable.ts'
import type { ProviderName } from '../../request/request.ts'

/** One access repository as the service's configuration lists it (trust.md 1.1). */
export type RepositorySettings = {
  readonly id: number
  /** `owner/name` */
  readonly fullName: string
  readonly branch: string
  readonly firstAcceptedCommit: string
  readonly providers: readonly string[]
  /** Exact scopes, or `*`. */
  readonly scopes: readonly string[]
  /** Who accepts a change of `policies/`, by numeric id, and how many of them must (trust.md 1.3). */
  readonly policyOwners: { readonly ids: readonly number[]; readonly count: number }
  readonly merge: 'auto' | 'manual'
  readonly reviewerPermission: 'write' | 'maintain' | 'admin'
}

export type Settings = {
  readonly instance: string
  readonly repositories: ReadonlyMap<number, RepositorySettings>
  /** Numeric GitHub ids. */
  readonly administrators: readonly number[]
  readonly pendingTtlMs: number
  readonly grantWindowMs: number
  /** What is configured of the clouds, as far as it decides what they can grant. */
  readonly clouds?: Reach
  /** What intents say of the configuration (`Intent.configured`), by cloud. */
  readonly configured?: Readonly<Partial<Record<ProviderName, Configured>>>
}
