import type { Actor, EventType, Json, LedgerEvent } from '../audit/event.ts'
import { writeInstant } from '../request/instant.ts'
import type { EndCause } from './intent.ts'

/** Which grant an event is about. */
export type Subject = { readonly id: string; readonly repository: number; readonly pull: number }

export const gitsudo: Actor = { kind: 'app', id: 'gitsudo' }

export const userActor = (person: { readonly id: number; readonly login: string }): Actor => ({
  kind: 'user',
  id: String(person.id),
  login: person.login,
})

/** Who asked for a revocation, as an event names them. */
export const actorOf = (by: {
  readonly kind: 'user' | 'system'
  readonly id: string
  readonly login?: string
}): Actor => ({ kind: by.kind, id: by.id, ...(by.login === undefined ? {} : { login: by.login }) })

/** Sealed before the first write where the cloud carries no marks: nothing was there, so what will be is this grant's. */
export const observedEvent = (of: Subject, at: number, place: string): LedgerEvent =>
  event('grant.observed', of, at, gitsudo, { place })

/** Read back present: the grant is active. `without`: what its sessions go without. */
export const issuedEvent = (
  of: Subject,
  at: number,
  handle: string,
  endsAt: number,
  without: readonly string[] = [],
): LedgerEvent =>
  event('grant.issued', of, at, gitsudo, {
    handle,
    ...(without.length === 0 ? {} : { without: [...without] }),
    ends_at: writeInstant(endsAt),
  })

/** Sealed before anything is taken away ahead of its end. */
export const revokeIntendedEvent = (of: Subject, at: number, by: Actor, why: string): LedgerEvent =>
  event('grant.revoke_intended', of, at, by, { why })

/**
 * The grant is over. `goneAt`: the first absent read-back (providers.md). `kept`: live grants that still use the
 * binding, which therefore stays. `lingerMs`: what was begun with it may go on for so long.
 */
export const endedEvent = (
  of: Subject,
  at: number,
  end: { readonly cause: EndCause; readonly goneAt: number; readonly kept: readonly string[] },
  lingerMs = 0,
): LedgerEvent =>
  event(end.cause === 'expired' ? 'grant.expired' : 'grant.revoked', of, at, gitsudo, {
    cause: end.cause,
    gone_at: writeInstant(end.goneAt),
    ...(end.kept.length === 0 ? {} : { kept_for: [...end.kept] }),
    ...(lingerMs === 0 ? {} : { may_last_until: writeInstant(end.goneAt + lingerMs) }),
  })

export const failedEvent = (of: Subject, at: number, why: string): LedgerEvent =>
  event('grant.failed', of, at, gitsudo, { why })

export const refusedEvent = (of: Subject, at: number, why: string): LedgerEvent =>
  event('grant.refused', of, at, gitsudo, { why })

export const quarantinedEvent = (of: Subject, at: number, why: string): LedgerEvent =>
  event('grant.quarantined', of, at, gitsudo, { why })

/** By a grant's own binding the cloud gives more than was granted. */
export const driftEvent = (of: Subject, at: number, why: string): LedgerEvent =>
  event('grant.drift', of, at, gitsudo, { why })

/**
 * A binding with our mark that is no grant's, or no grant's any longer: found, and later read back as `gone`. `of`: where
 * its grant came from, if it ever was one.
 */
export const strayEvent = (
  what: 'orphan' | 'resurrected',
  found: { readonly grant: string; readonly handle: string },
  of: { readonly provider: string; readonly why: string; readonly gone: boolean; readonly subject?: Subject },
  at: number,
): LedgerEvent => ({
  v: 1,
  type: 'grant.drift',
  at: writeInstant(at),
  actor: gitsudo,
  grant: found.grant,
  ...(of.subject === undefined
    ? {}
    : { request: of.subject.id, repo: of.subject.repository, pull: of.subject.pull }),
  data: { why: of.why, finding: what, provider: of.provider, handle: found.handle, gone: of.gone },
})

/** Sealed before credentials leave (trust.md 9.3). */
export const credentialsEvent = (
  of: Subject,
  at: number,
  to: Actor,
  session: string,
  endsAt: number,
): LedgerEvent => event('credentials.issued', of, at, to, { session, not_after: writeInstant(endsAt) })

const event = (
  type: EventType,
  of: Subject,
  at: number,
  actor: Actor,
  data: Readonly<Record<string, Json>>,
): LedgerEvent => ({
  v: 1,
  type,
  at: writeInstant(at),
  actor,
  request: of.id,
  grant: of.id,
  repo: of.repository,
  pull: of.pull,
  data,
})
