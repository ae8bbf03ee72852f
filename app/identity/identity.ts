import type { ProviderName } from '../request/request.ts'

export type TrustTier = 0 | 1 | 2 | 3 | 4

/** A person as `policies/data/identities.yaml` knows them. */
export type Identity = {
  readonly login: string
  /** GitHub's numeric id, which never changes; the login may. */
  readonly id: number
  /** Addresses that commits are resolved by. */
  readonly emails: readonly string[]
  readonly oidc: readonly { readonly issuer: string; readonly sub: string }[]
  readonly certificateSans: readonly string[]
  /** Who the person is in each cloud. */
  readonly principals: Readonly<Partial<Record<ProviderName, readonly string[]>>>
  readonly trustTier: TrustTier
  readonly blocked: boolean
}

/** A named group of approvers: people listed by login, or a GitHub team asked for its members. */
export type Group =
  | { readonly name: string; readonly members: readonly string[] }
  | { readonly name: string; readonly team: string }

/** One entry of the role catalogue. */
export type Role = {
  readonly provider: ProviderName
  readonly role: string
  /** Compared exactly with a request's scope. */
  readonly scopes: readonly string[]
  /** What the cloud calls the role. */
  readonly cloudRole: string
  readonly maxDurationSeconds: number
  /** Groups that answer for the role. */
  readonly owners: readonly string[]
  /** Whether break-glass may grant it while GitHub is away (trust.md 8.3). */
  readonly offline: boolean
  /** Whether its sessions may assume further roles (providers.md, AWS). */
  readonly chain: boolean
}
