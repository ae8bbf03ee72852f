/** What became of one request; `active` and before: not over when the report's period ended. */
export type Outcome =
  | 'pending'
  | 'denied'
  | 'cancelled'
  | 'lapsed'
  | 'refused'
  | 'scheduled'
  | 'provisioning'
  | 'active'
  | 'quarantined'
  | 'expired'
  | 'revoked'
  | 'revoked externally'
  | 'failed'

/** A request and its grant, as the ledger tells it. Times are epoch milliseconds; absent: nothing says it. */
export type Story = {
  readonly id: string
  readonly outcome: Outcome
  readonly repository?: number
  /** 0: pushed without a pull request. */
  readonly pull?: number
  readonly path?: string
  /** Login of the requester. */
  readonly who?: string
  readonly provider?: string
  readonly role?: string
  readonly scope?: string
  readonly reason?: string
  readonly requestedAt?: number
  /** Logins of those whose approval counted in the newest decision. */
  readonly approvedBy: readonly string[]
  /** In an emergency, without approval. */
  readonly brokeGlass?: true
  readonly policyCommit?: string
  readonly mergeCommit?: string
  /** The end fixed with the grant. */
  readonly dueAt?: number
  readonly intendedAt?: number
  readonly issuedAt?: number
  /** The first read-back that found nothing. */
  readonly goneAt?: number
  readonly revoke?: { readonly at: number; readonly by: string; readonly why: string }
  /** Why it was denied, refused, revoked or failed, and by whom. */
  readonly why?: string
  readonly by?: string
  /** When it came to its outcome. */
  readonly closedAt?: number
  /** Merged past a decision that did not pass, or without one. */
  readonly forced: boolean
  /** The newest event that it was told by. */
  readonly seq: number
}

export type BreakGlass = {
  readonly at: number
  readonly seq: number
  readonly request: string
  readonly who: string
  readonly reason: string
  readonly reviewBy?: number
  readonly review?: {
    readonly at: number
    readonly by: string
    readonly verdict: string
    readonly overdue: boolean
  }
}

/** What somebody should look at; says nothing about guilt. */
export type Anomaly = {
  readonly kind:
    | 'backup restored'
    | 'database changed'
    | 'drift'
    | 'forced merge'
    | 'notification failed'
    | 'outlived its end'
    | 'quarantined'
    | 'same approver'
    | 'unusual hour'
  readonly at: number
  readonly seq?: number
  readonly who?: string
  readonly request?: string
  readonly detail: string
}

export type PolicyChange = {
  readonly at: number
  readonly seq: number
  readonly what: 'accepted' | 'refused' | 'override asked' | 'override started' | 'override ended'
  readonly by: string
  readonly commit?: string
  readonly approvedBy: readonly string[]
  readonly detail: string
}

/** Epoch milliseconds; events from `since` on and before `until` count. */
export type Period = { readonly since: number; readonly until: number }

/** What the ledger says about a period, from its events alone. */
export type Report = Period & {
  readonly origin: string
  readonly ledger: {
    readonly events: number
    /** Hex. */
    readonly head: string
    /** Events that the newest checkpoint is over, going by what it says: who reports does not check its signature. */
    readonly checkpoint?: number
    /** Where the chain first breaks: nothing from there on can be relied on. */
    readonly brokenAt?: number
  }
  /** Grants that were there at some time of the period, the oldest first. */
  readonly grants: readonly Story[]
  /** Requests that came to nothing in the period. */
  readonly refused: readonly Story[]
  readonly breakGlass: readonly BreakGlass[]
  /** Grants past their end that nothing says are gone, at the end of the period. */
  readonly debt: readonly Story[]
  readonly anomalies: readonly Anomaly[]
  readonly policies: readonly PolicyChange[]
}
