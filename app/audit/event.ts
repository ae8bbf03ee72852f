/** Every type of event the ledger knows; `schemas/events/` describes each one's `data`. */
export const eventTypes = [
  'request.created',
  'request.evaluated',
  'request.approved',
  'request.denied',
  'request.cancelled',
  'request.lapsed',
  'grant.scheduled',
  'grant.intended',
  'grant.observed',
  'grant.issued',
  'grant.refused',
  'grant.failed',
  'grant.revoke_intended',
  'grant.expired',
  'grant.revoked',
  'grant.quarantined',
  'grant.drift',
  'credentials.issued',
  'breakglass.invoked',
  'breakglass.reviewed',
  'policy.accepted',
  'policy.refused',
  'policy.loaded',
  'policy.overridden',
  'notification.failed',
  'database.changed',
  'ledger.anchored',
  'ledger.restored',
] as const
export type EventType = (typeof eventTypes)[number]

export type Actor = {
  readonly kind: 'user' | 'app' | 'system' | 'database'
  /** Numeric GitHub id in decimal for users and apps, a component's name for the rest. */
  readonly id: string
  readonly login?: string
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** One line of the ledger. Its RFC 8785 bytes are what is hashed; everything else is derived from them. */
export type LedgerEvent = {
  readonly v: 1
  readonly type: EventType
  /** RFC 3339, milliseconds, UTC. */
  readonly at: string
  readonly actor: Actor
  readonly request?: string
  readonly grant?: string
  readonly repo?: number
  readonly pull?: number
  readonly commit?: string
  readonly data: { readonly [key: string]: Json }
}

export type Signature = { readonly key: string; readonly value: string }
