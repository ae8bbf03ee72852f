import type { LedgerEvent } from './event.ts'

/** Rows of the ledger that gitsudo did not seal. */
export type Foreign = { readonly first: number; readonly last: number }

/**
 * What rows that somebody else put behind the last sealed one are on record as.
 * @param chain hex: before the first of them, and after the last
 * @param at RFC 3339
 */
export const foreignEvent = (
  { first, last }: Foreign,
  chain: { readonly before: string; readonly after: string },
  at: string,
): LedgerEvent => ({
  v: 1,
  type: 'database.changed',
  at,
  actor: { kind: 'database', id: 'unknown' },
  data: {
    ...{ table: 'audit_events', operation: 'insert', row: first === last ? `${first}` : `${first}-${last}` },
    ...{ before: chain.before, after: chain.after, client: null, application: null },
  },
})

/** The rows that an event says are not gitsudo's: a change that the sealer signed is its own finding. */
export const foreignOf = ({ type, data }: LedgerEvent): Foreign | undefined => {
  if (type !== 'database.changed' || data.sig === undefined || data.table !== 'audit_events') return undefined
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(String(data.row)) ?? []
  return first === undefined ? undefined : { first: Number(first), last: Number(last) }
}

/** `event 61`, `events 61 to 63`. */
export const foreignRows = ({ first, last }: Foreign): string =>
  first === last ? `event ${first}` : `events ${first} to ${last}`
