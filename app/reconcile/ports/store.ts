import type { Decision } from '../../decision/decision.ts'
import type { EndCause } from '../../grant/intent.ts'
import type { GrantState, RequestState } from '../../grant/state.ts'
import type { RequestId } from '../../request/request.ts'
import type { WakeUp } from './queue.ts'

declare const transaction: unique symbol
/** Somebody else had it, all of the time; nothing was done. */
export const held = Symbol('held')

/** An open transaction; only the store knows what is in it. */
export type Tx = { readonly [transaction]: never }

/** A webhook as it arrived, its HMAC checked; `body` is the raw bytes, the only authority on its meaning (trust.md 2.10). */
export type Delivery = {
  readonly guid: string
  readonly event: string
  readonly body: Uint8Array
  readonly receivedAt: number
  readonly repository?: number
  readonly pull?: number
  /** Full ref of a push or of a merge group. */
  readonly ref?: string
}

export type RequestRow = {
  readonly id: RequestId
  readonly repository: number
  readonly pull: number
  readonly path: string
  readonly state: RequestState
  readonly headSha: string
  readonly blob: string
  /** What the file says, where it could be read. */
  readonly requester?: { readonly login: string; readonly id?: number }
  readonly provider?: string
  readonly role?: string
  readonly scope?: string
  readonly durationSeconds?: number
  readonly reason?: string
  readonly metadata?: Readonly<Record<string, string>>
  readonly startsAt?: number
  readonly author: { readonly id: number; readonly login: string }
  /** The last decision; a cache of what the ledger says. */
  readonly decision?: Decision
  readonly openedAt: number
  /** Reviews submitted at or before this do not count (reopened). */
  readonly reviewsFrom?: number
  readonly lookAt?: number
  /** Grows with each save; saves are fenced by it. */
  readonly version: number
}

export type GrantRow = {
  readonly id: RequestId
  readonly repository: number
  readonly pull: number
  readonly requester: { readonly id: number; readonly login: string }
  readonly provider: string
  readonly role: string
  readonly scope: string
  readonly reason: string
  readonly metadata: Readonly<Record<string, string>>
  readonly state: GrantState
  readonly bindingKey: string
  readonly startsAt: number
  readonly endsAt: number
  /** The merge that it waits to become active for; none for a later start. */
  readonly mergedAt?: number
  readonly cause?: EndCause
  /** Why it is refused, failed or quarantined, or what the last attempt met. */
  readonly note?: string
  /** Tries in a row that did not end in what was wanted; drives back-off. */
  readonly tries: number
  /** When a read-back first said absent, where two are needed. */
  readonly absentSince?: number
  readonly activeAt?: number
  readonly endedAt?: number
  readonly lookAt?: number
  /** The fencing number: grows with each save. */
  readonly version: number
}

export type Attempt = {
  readonly grant: string
  readonly fence: number
  readonly action: 'ensure' | 'remove'
  readonly openedAt: number
  readonly closedAt?: number
}

export type BranchRow = {
  readonly repository: number
  readonly cursor?: string
}

/**
 * What gitsudo last showed on a pull request, so that only differences are written. A `checkSha` without a
 * `checkId`, a `commentDigest` without a `commentId`: GitHub was asked to create it, and its answer is not known.
 */
export type Projection = {
  readonly repository: number
  readonly pull: number
  readonly checkId?: number
  readonly checkSha?: string
  readonly checkDigest?: string
  readonly commentId?: number
  readonly commentDigest?: string
  /** Marks of who was asked (publish/asked.ts). */
  readonly asked: readonly string[]
  /** Merges in a row that GitHub put off because something had moved; drives back-off. */
  readonly mergeTries?: number
  readonly lookAt?: number
}

/** A pull request as last looked at, with or without requests in it. */
export type PullRow = {
  readonly repository: number
  readonly pull: number
  readonly headSha: string
  readonly open: boolean
  readonly draft: boolean
  readonly decision: Decision
  readonly lookAt?: number
}

export type RequestFilter = {
  readonly repository?: number
  readonly pull?: number
  readonly id?: string
  readonly requesterLogin?: string
  readonly requesterId?: number
  readonly state?: string
  readonly provider?: string
  /** In one of these repositories, or of the requester with this numeric id. */
  readonly visibleTo?: { readonly user: number; readonly repositories: readonly number[] }
}

/** One row for `status`: the grant's state once there is one, else the request's. */
export type StatusRow = { readonly request: RequestRow; readonly grant?: GrantRow }

/**
 * PostgreSQL behind one port. Row state is a cache: what grants or ends access is read from the ledger.
 * `save*` methods return false, changing nothing, when the row's version is no longer `row.version`
 * (version 0 inserts); otherwise they store it with version + 1.
 */
export type Store = {
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Until the transaction ends nobody else holds `key`, on any replica (trust.md 3.9). */
  serialise(tx: Tx, key: string): Promise<void>
  /**
   * Does `work` while nobody else holds one of `keys`, alone or in a transaction, on any replica. It may wait for a cloud:
   * what is held meanwhile is none of the connections that others work with, and nothing of it is in a transaction.
   * @param waitMs how long each of them is waited for
   */
  alone<T>(keys: readonly string[], waitMs: number, work: () => Promise<T>): Promise<T | typeof held>
  /** Until the transaction ends nobody serialises on `key`; others may share it. */
  share(tx: Tx, key: string): Promise<void>

  /** Insert and wake-ups in one transaction, before the 202. `known`: the GUID was there; nothing changed. */
  acceptDelivery(delivery: Delivery, wake: readonly WakeUp[]): Promise<'new' | 'known'>
  hasDelivery(guid: string): Promise<boolean>
  /** Deliveries of a pull request whose MAC holds, oldest first; forged ones are left out and named. */
  deliveriesOfPull(
    repository: number,
    pull: number,
    events: readonly string[],
  ): Promise<{ readonly valid: readonly Delivery[]; readonly forged: readonly string[] }>
  /** The same of pushes to a full ref, received after `since` (epoch ms) where given, without those with the GUIDs `but`. */
  pushesTo(
    repository: number,
    ref: string,
    since?: number,
    but?: readonly string[],
  ): Promise<{ readonly valid: readonly Delivery[]; readonly forged: readonly string[] }>
  /** What was told of a merge group, by the full ref that holds it. */
  mergeGroupAt(
    repository: number,
    ref: string,
  ): Promise<{ readonly valid: readonly Delivery[]; readonly forged: readonly string[] }>
  /** The same of all groups, received after `since` (epoch ms). */
  mergeGroupsSince(
    repository: number,
    since: number,
  ): Promise<{ readonly valid: readonly Delivery[]; readonly forged: readonly string[] }>
  lastDeliveryAt(): Promise<number | undefined>

  request(id: string): Promise<RequestRow | undefined>
  requestsOfPull(repository: number, pull: number): Promise<readonly RequestRow[]>
  requestsOfPath(repository: number, path: string): Promise<readonly RequestRow[]>
  saveRequest(tx: Tx, row: RequestRow): Promise<boolean>
  status(filter: RequestFilter): Promise<readonly StatusRow[]>

  grant(id: string): Promise<GrantRow | undefined>
  saveGrant(tx: Tx, row: GrantRow): Promise<boolean>
  /** The same for several; answers the ids of those that were saved, one row of each at most. */
  saveGrants(tx: Tx, rows: readonly GrantRow[]): Promise<ReadonlySet<string>>
  /** State and timer of each of these grants that has a row. */
  grantTimers(
    ids: readonly string[],
  ): Promise<readonly { readonly id: string; readonly state: GrantState; readonly lookAt?: number }[]>
  openAttempt(attempt: Attempt): Promise<void>
  closeAttempt(grant: string, fence: number, closedAt: number): Promise<void>
  attempts(grant: string): Promise<readonly Attempt[]>
  /** Requests to revoke that a person or a deleted file made; the grant reconciler turns one into a sealed intent. */
  askRevoke(tx: Tx, ask: RevokeAsk): Promise<void>
  /** `forged`: there is one, and its MAC does not hold. */
  revokeAsked(grant: string): Promise<RevokeAsk | 'forged' | undefined>

  branch(repository: number): Promise<BranchRow | undefined>
  saveBranch(tx: Tx, row: BranchRow): Promise<void>

  pull(repository: number, pull: number): Promise<PullRow | undefined>
  /** Unfenced: the pull-request reconciler alone writes it, one worker a key. */
  savePull(tx: Tx, row: PullRow): Promise<void>

  /** Numbers of pull requests that were open at this head when last looked at. */
  openPullsAt(repository: number, headSha: string): Promise<readonly number[]>

  projection(repository: number, pull: number): Promise<Projection | undefined>
  saveProjection(row: Projection): Promise<void>

  /** Has these providers compared with the ledger from `now` on, where they are not yet. */
  knowClouds(providers: readonly string[], now: number): Promise<void>
  /** Whether its comparison is due; if so, nobody else makes it, and the next is due at `next`. */
  claimCloud(provider: string, now: number, next: number): Promise<boolean>
  /** It was compared to the end, as it was at `now`. */
  cloudLooked(provider: string, now: number): Promise<void>
  /** When each was last compared to the end. */
  clouds(): Promise<readonly { readonly provider: string; readonly lookedAt?: number }[]>

  /** A look at `what` met trouble. @returns since when every look has (epoch ms), and whether a person was told */
  troubled(what: string, now: number): Promise<{ readonly since: number; readonly told: boolean }>
  troubleTold(what: string): Promise<void>
  untroubled(what: string): Promise<void>

  /** Everything whose `lookAt` is at or before `now` (and later than `after`, where given), the longest due first. */
  due(now: number, limit: number, after?: number): Promise<readonly Due[]>
  /** The smallest `lookAt` of any row (later than `after`, where given). */
  nextLookAt(after?: number): Promise<number | undefined>
  /** Requests of a person, by numeric id, in these states. */
  requestsOfPerson(requesterId: number, states: readonly RequestState[]): Promise<readonly RequestRow[]>
  /** Pull requests with a request in `pending`, `approved` or `denied`, open when last looked at, or not yet established. */
  waitingPulls(): Promise<readonly { readonly repository: number; readonly pull: number }[]>

  /**
   * Names of policies whose row says `enabled = false` (trust.md 5.4): under an override whose MAC holds, in force
   * or past its end, or by hand; of those, `forged` carry what looks like an override.
   */
  disabledPolicies(now: number, repository: number): Promise<DisabledPolicies>
  /** Writes an override's row; false where there is no such policy. */
  startOverride(
    tx: Tx,
    row: {
      readonly repository: number
      readonly policy: string
      readonly until: number
      readonly by: readonly number[]
    },
  ): Promise<boolean>
  /** The policy's row says enabled again; false where there is no such policy. */
  endOverride(tx: Tx, repository: number, policy: string): Promise<boolean>
  /** Wishes to disable a policy whose MAC holds; `forged`: how many others there are. */
  overrideAsks(
    repository: number,
    policy: string,
  ): Promise<{ readonly valid: readonly OverrideAsk[]; readonly forged: number }>
  putOverrideAsk(tx: Tx, ask: OverrideAsk): Promise<void>
  dropOverrideAsks(tx: Tx, repository: number, policy: string): Promise<void>
  /** Makes `policies` list what the accepted commit holds. */
  recordPolicies(
    tx: Tx,
    repository: number,
    policies: readonly { readonly name: string; readonly type: 'ELIGIBILITY' | 'APPROVAL' }[],
  ): Promise<void>

  /** Takes `cost` tokens from an installation's bucket, or says when to ask again (epoch ms). */
  takeBudget(
    installation: number,
    cost: number,
    now: number,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly retryAt: number }>
  /** GitHub said to wait: nobody writes before `until`. */
  holdBudget(installation: number, until: number): Promise<void>

  /** Throws when the database cannot be reached; returns what is missing otherwise (migrations by name). */
  health(): Promise<readonly string[]>
  close(): Promise<void>
}

/** `lookAt`: which moment of the row was due, so that a timer wakes it once. */
export type Due = WakeUp & { readonly lookAt?: number }

export type DisabledPolicies = {
  readonly byHand: readonly string[]
  readonly overridden: readonly string[]
  readonly expired: readonly string[]
  readonly forged: readonly string[]
}

/** One administrator's wish to disable a policy for so long. */
export type OverrideAsk = {
  readonly repository: number
  readonly policy: string
  readonly by: { readonly id: number; readonly login: string }
  readonly seconds: number
  readonly askedAt: number
}

export type RevokeAsk = {
  readonly grant: string
  readonly by: { readonly kind: 'user' | 'system'; readonly id: string; readonly login?: string }
  readonly why: string
  readonly askedAt: number
}
