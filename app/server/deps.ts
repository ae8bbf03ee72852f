import type { ApprovalValue, EligibilityValue, EvaluationFailure } from '../policy/result.ts'
import type { Clock } from '../reconcile/ports/clock.ts'
import type { Account } from '../reconcile/ports/github.ts'
import type { LedgerFilter, Sealed } from '../reconcile/ports/ledger.ts'
import type { Log } from '../reconcile/ports/log.ts'
import type { RequestFilter, RevokeAsk, StatusRow } from '../reconcile/ports/store.ts'

/** Something the service stands on, named. `optional`: without it a replica is ready all the same, for it can take away. */
export type Component = {
  readonly name: string
  readonly up: boolean
  readonly detail: string
  readonly optional?: true
}

export const isReady = (components: readonly Component[]): boolean =>
  components.every(({ up, optional }) => up || optional === true)

export type RepositoryHealth = {
  readonly id: number
  readonly acceptedCommit?: string
  /** What stops grants for this repository alone, in words; empty when nothing does. */
  readonly troubles: readonly string[]
  /** Overrides in force, and policies disabled by hand. */
  readonly off: readonly Pick<PolicyEntry, 'name' | 'off'>[]
}

export type PolicyEntry = {
  readonly name: string
  readonly type: 'eligibility' | 'approval'
  readonly enabled: boolean
  /** Why it is off: two administrators' override until then (epoch ms), or a hand in the database, which disables nothing. */
  readonly off?:
    | { readonly kind: 'override'; readonly until: number; readonly by: readonly string[] }
    | { readonly kind: 'by hand' }
  readonly repository: number
  /** The accepted policy commit that it comes from. */
  readonly commit: string
}

export type OverrideAnswer =
  | { readonly kind: 'no_such_policy' | 'ended' }
  | {
      /** The same command by another administrator starts it, until then (epoch ms). */
      readonly kind: 'asked'
      readonly until: number
      /** Who asked for the same policy with another duration. */
      readonly others: readonly { readonly by: { readonly login: string }; readonly seconds: number }[]
    }
  | { readonly kind: 'started'; readonly until: number; readonly by: readonly { readonly login: string }[] }

export type EvaluateAnswer = {
  /** For eligibility whether a request would be eligible; for approval whether this person's approval would count. */
  readonly allowed: boolean
  readonly reason: string
  readonly policies: readonly {
    readonly policy: string
    readonly outcome: EligibilityValue | ApprovalValue | EvaluationFailure
  }[]
  /** What the input did not say and was taken for so, `user.trust_tier` → 4: shown, so that nobody takes it for a fact. */
  readonly assumed: Readonly<Record<string, unknown>>
}

export type CredentialsAnswer =
  | {
      readonly ok: true
      readonly environment: Readonly<Record<string, string>>
      readonly files?: Readonly<Record<string, string>>
      readonly expiresAt: number
      /** The requester's own identity, where the access is given to that and there are no credentials. */
      readonly principal?: string
    }
  /** A sentence: why there are none now. */
  | { readonly ok: false; readonly why: string }

/** What never changes while the service runs. */
export type ServerFacts = {
  readonly version: string
  readonly instance: string
  readonly github: { readonly apiUrl: string; readonly webUrl: string; readonly clientId: string }
  readonly repositories: readonly {
    readonly id: number
    readonly name: string
    readonly branch: string
    readonly merge: 'auto' | 'manual'
  }[]
  /** Numeric GitHub ids (trust.md 9.2). */
  readonly administrators: readonly number[]
  readonly auditors: readonly number[]
}

/** All that the HTTP server may do, as plain functions. */
export type ServerDeps = {
  readonly clock: Clock
  readonly log: Log
  readonly facts: ServerFacts
  /** A webhook as it arrived: checked, stored, deduplicated; answers what GitHub shall see. */
  intake(
    headers: Readonly<Record<string, string | undefined>>,
    rawBody: Uint8Array,
  ): Promise<{ readonly status: number; readonly body: unknown }>
  /** trust.md 9.1; undefined: this token counts for nobody. */
  caller(token: string): Promise<Account | undefined>
  /** Ids of the configured repositories whose identities know this account, and of those that cannot be read. */
  readable(
    account: Account,
  ): Promise<{ readonly known: readonly number[]; readonly unread: readonly number[] }>
  /** Whose login or e-mail address this is, in each configured repository's identities; blocked people, too. */
  peopleNamed(user: string): Promise<readonly { readonly repository: number; readonly id: number }[]>
  status(filter: RequestFilter): Promise<readonly StatusRow[]>
  /** One request by its id; of what was granted the ledger knows where a row was hidden or altered. */
  request(id: string): Promise<StatusRow | undefined>
  /** Records the wish and wakes the grant; idempotent. The caller's right is already established. */
  revoke(ask: Pick<RevokeAsk, 'grant' | 'by' | 'why'>): Promise<void>
  /** Seals `credentials.issued` first; the caller is already known to be the requester (trust.md 9.3). */
  credentials(id: string, requester: Account): Promise<CredentialsAnswer>
  /** Sealed events, newest first. */
  events(filter: LedgerFilter): AsyncIterable<Sealed>
  policies(): Promise<readonly PolicyEntry[]>
  /** An administrator's command: disables a policy together with a second one's, or enables it again. Sealed when it answers. */
  override(command: {
    readonly repository: number
    readonly policy: string
    readonly by: { readonly id: number; readonly login: string }
    /** undefined: enable it again. */
    readonly seconds?: number
  }): Promise<OverrideAnswer>
  evaluate(question: {
    readonly repository: number
    readonly type: 'eligibility' | 'approval'
    readonly input: Readonly<Record<string, unknown>>
  }): Promise<EvaluateAnswer>
  /** Reads the accepted policies of every repository anew; `policies`: how many are enabled now. */
  reloadPolicies(): Promise<{
    readonly policies: number
    /** By repository: whose could not be read. */
    readonly troubles: readonly { readonly repository: string; readonly why: string }[]
  }>
  /** What there must be, or should be: answers within seconds, never throws. */
  readiness(): Promise<readonly Component[]>
  /** Facts about each repository, which never make the whole service unready. */
  repositories(): Promise<readonly RepositoryHealth[]>
  /** Prometheus text and its content type. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>
}
