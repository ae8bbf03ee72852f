import type { LedgerEvent } from '../audit/event.ts'
import type { StatusRow } from '../reconcile/ports/store.ts'
import type { ServerFacts } from './deps.ts'

/** Who calls: numeric id (trust.md 6.16), and the repositories whose identities know this person. */
export type Caller = {
  readonly id: number
  readonly login: string
  readonly type: 'User' | 'Bot' | 'Organization'
  readonly readable: ReadonlySet<number>
  /** Repositories whose identities cannot be read now: nobody can tell whether they know this person. */
  readonly unread: ReadonlySet<number>
}

type Staff = Pick<ServerFacts, 'administrators' | 'auditors'>

export const isAdministrator = (caller: Caller, staff: Staff): boolean =>
  staff.administrators.includes(caller.id)

/** May read the whole ledger and every request. */
export const seesAll = (caller: Caller, staff: Staff): boolean =>
  isAdministrator(caller, staff) || staff.auditors.includes(caller.id)

export const mayRead = (caller: Caller, repository: number, staff: Staff): boolean =>
  caller.readable.has(repository) || seesAll(caller, staff)

/** The person who gets the access; the grant's word, sealed, before the request's. */
export const requesterId = ({ request, grant }: StatusRow): number | undefined =>
  grant?.requester.id ?? request.requester?.id

/** What one asked for oneself is one's own to see. */
export const maySee = (caller: Caller, row: StatusRow, staff: Staff): boolean =>
  mayRead(caller, row.request.repository, staff) || requesterId(row) === caller.id

/** Administrators and auditors see every event; others what they did, and what became of their own requests. */
export function mayReadEvent(
  event: LedgerEvent,
  caller: Caller,
  own: ReadonlySet<string>,
  staff: Staff,
): boolean {
  if (seesAll(caller, staff)) return true
  if (event.actor.kind === 'user' && event.actor.id === String(caller.id)) return true
  return (
    (event.request !== undefined && own.has(event.request)) ||
    (event.grant !== undefined && own.has(event.grant))
  )
}
