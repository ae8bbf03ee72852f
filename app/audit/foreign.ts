import { eventIn } from './body.ts'
import type { LedgerEvent } from './event.ts'
import type { ExportLine } from './export-line.ts'

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
  const { sig, table, row } = data
  if (type !== 'database.changed' || sig === undefined || table !== 'audit_events') return undefined
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(typeof row === 'string' ? row : '') ?? []
  return first === undefined ? undefined : { first: Number(first), last: Number(last) }
}

/** `event 61`, `events 61 to 63`. */
export const foreignRows = ({ first, last }: Foreign): string =>
  first === last ? `event ${first}` : `events ${first} to ${last}`

type Said = Foreign & { readonly seq: number }

/** Finds the rows that an export says are not gitsudo's, by its events alone, without a key. */
export function createForeignSearch() {
  const records: Said[] = []
  return {
    push(line: ExportLine): void {
      if (line.kind !== 'event' || !line.body.includes('"database.changed"')) return
      const event = eventIn(line.body)
      const rows = event && foreignOf(event)
      if (rows?.last === line.seq - 1) records.push({ ...rows, seq: line.seq })
    },
    end: (): readonly Foreign[] => trueRecords(records),
  }
}

/**
 * Finds the first row that is not as it has to be, and that is not on record as foreign. A record counts with its
 * signature, and where it names the chain that it stands on: no other ledger's, and none of what was lost.
 */
export function createExcuses() {
  const odd: number[] = []
  const records: Said[] = []
  let before = ''
  return {
    /** @param event undefined: the row is not as it has to be */
    push({ seq, chain }: { readonly seq: number; readonly chain: string }, event: LedgerEvent | undefined) {
      if (event === undefined) odd.push(seq)
      const rows = event && foreignOf(event)
      if (rows?.last === seq - 1 && event?.data.after === before) records.push({ ...rows, seq })
      before = chain
    },
    end(): number | undefined {
      const named = [...trueRecords(records)]
      return odd.find((seq) => {
        while ((named.at(-1)?.last ?? seq) < seq) named.pop()
        return (named.at(-1)?.first ?? seq + 1) > seq
      })
    },
  }
}

/**
 * A true record stands right behind the rows that it names; what one of those says of others counts for nothing.
 * @param records each right behind its rows, in the ledger's order
 * @returns the last first
 */
function trueRecords(records: readonly Said[]): readonly Said[] {
  const found: Said[] = []
  for (const record of records.toReversed())
    if (record.seq < (found.at(-1)?.first ?? Number.POSITIVE_INFINITY)) found.push(record)
  return found
}

export const isAmong = (rows: readonly Foreign[], seq: number): boolean =>
  rows.some(({ first, last }) => first <= seq && seq <= last)
