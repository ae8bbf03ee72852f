import type { LedgerEvent } from './event.ts'

/** What is kept beside an event's bytes so that it can be queried; null where the event says nothing. */
export type Columns = {
  readonly type: string
  /** RFC 3339 with milliseconds, UTC: exactly the event's own. */
  readonly at: string
  readonly actorKind: string
  readonly actorId: string
  readonly actorLogin: string | null
  readonly requestId: string | null
  readonly grantId: string | null
  readonly repoId: number | null
  readonly pull: number | null
  readonly commit: string | null
}

/** The only place that says how columns follow from an event: used to write and to verify. */
export function columnsOf(event: LedgerEvent): Columns {
  return {
    type: event.type,
    at: event.at,
    actorKind: event.actor.kind,
    actorId: event.actor.id,
    actorLogin: event.actor.login ?? null,
    requestId: event.request ?? null,
    grantId: event.grant ?? null,
    repoId: event.repo ?? null,
    pull: event.pull ?? null,
    commit: event.commit ?? null,
  }
}
