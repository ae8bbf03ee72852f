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
}
