import type { Columns } from '../../audit/columns.ts'
import type { LedgerRow } from '../../audit/verify.ts'
import type { Fields } from './copy.ts'

/** What `rowOf` reads, in this order; `e` is the event, `c` its checkpoint. */
export const rowColumns = `e.seq, e.body, e.leaf, e.chain, e.type, e.at, e.actor_kind, e.actor_id, e.actor_login,
  e.request_id, e.grant_id, e.repo_id, e.pull, e.commit, c.note`

/**
 * A row of `rowColumns` as PostgreSQL's binary format has it. What was altered past what fits is as near as can be.
 * Columns are compared where they lie: to make strings of them would take longer than to hash the row.
 */
export function rowOf(fields: Fields): {
  readonly row: Required<LedgerRow>
  /** The note stored for the ledger up to it. */
  readonly checkpoint: string | null
} {
  const row = {
    seq: integer(fields, 0) ?? 0,
    body: bytes(fields, 1),
    leaf: bytes(fields, 2),
    chain: bytes(fields, 3),
    differs(due: Columns) {
      const what = differing(fields, due)
      return what && { what, expected: String(due[what]), found: String(found[what](fields)) }
    },
  }
  return { row, checkpoint: text(fields, 14) }
}

/** The first column that is not as due. */
function differing(fields: Fields, due: Columns): keyof Columns | undefined {
  if (!isText(fields, 4, due.type)) return 'type'
  if (!isInstant(fields, 5, due.at)) return 'at'
  if (!isText(fields, 6, due.actorKind)) return 'actorKind'
  if (!isText(fields, 7, due.actorId)) return 'actorId'
  if (!isText(fields, 8, due.actorLogin)) return 'actorLogin'
  if (!isText(fields, 9, due.requestId)) return 'requestId'
  if (!isText(fields, 10, due.grantId)) return 'grantId'
  if (integer(fields, 11) !== due.repoId) return 'repoId'
  if (integer(fields, 12) !== due.pull) return 'pull'
  if (!isText(fields, 13, due.commit)) return 'commit'
  return undefined
}

const found: Readonly<Record<keyof Columns, (fields: Fields) => string | number | null>> = {
  type: (fields) => text(fields, 4),
  at: (fields) => instant(fields, 5),
  actorKind: (fields) => text(fields, 6),
  actorId: (fields) => text(fields, 7),
  actorLogin: (fields) => text(fields, 8),
  requestId: (fields) => text(fields, 9),
  grantId: (fields) => text(fields, 10),
  repoId: (fields) => integer(fields, 11),
  pull: (fields) => integer(fields, 12),
  commit: (fields) => text(fields, 13),
}

const isNull = ({ ends }: Fields, index: number): boolean => (ends[index] ?? -1) < 0

const bytes = ({ bytes: all, starts, ends }: Fields, index: number): Uint8Array =>
  all.subarray(starts[index] ?? 0, Math.max(starts[index] ?? 0, ends[index] ?? 0))

const text = (fields: Fields, index: number): string | null =>
  isNull(fields, index) ? null : fields.bytes.toString('utf8', fields.starts[index], fields.ends[index])

/** int8 */
const integer = (fields: Fields, index: number): number | null => {
  if (isNull(fields, index)) return null
  const at = fields.starts[index] ?? 0
  return fields.bytes.readInt32BE(at) * 2 ** 32 + fields.bytes.readUInt32BE(at + 4)
}

function isText(fields: Fields, index: number, due: string | null): boolean {
  if (due === null || isNull(fields, index)) return due === null && isNull(fields, index)
  const start = fields.starts[index] ?? 0
  if (due.length === (fields.ends[index] ?? 0) - start) {
    let at = 0
    for (; at < due.length; at += 1) {
      const letter = due.charCodeAt(at)
      if (letter > 0x7f || letter !== fields.bytes[start + at]) break
    }
    if (at === due.length) return true
  }
  return text(fields, index) === due
}

const dayMs = 86_400_000
const epoch = Date.UTC(2000, 0, 1)
/** The day of the row before: events come in the order of time, and reading or writing a date takes long. */
let day = { number: Number.NaN, text: '' }

/** @param due a time as the schema of events has it: RFC 3339 with milliseconds, UTC */
function isInstant(fields: Fields, index: number, due: string): boolean {
  const ms = epoch + (integer(fields, index) ?? Number.NaN) / 1_000
  const within = ms - day.number * dayMs
  if (due.length === 24 && due.startsWith(day.text) && within >= 0 && within < dayMs) {
    const two = (at: number) => due.charCodeAt(at) * 10 + due.charCodeAt(at + 1) - 11 * 48
    const [hours, minutes, seconds] = [two(11), two(14), two(17)]
    const millis = (due.charCodeAt(20) - 48) * 100 + two(21)
    // A leap second, or what is none, is another time to PostgreSQL.
    if (minutes > 59 || seconds > 59) return false
    return within === ((hours * 60 + minutes) * 60 + seconds) * 1_000 + millis
  }
  return instant(fields, index) === due
}

/** timestamptz: microseconds since 2000. */
function instant(fields: Fields, index: number): string {
  const micros = integer(fields, index) ?? Number.NaN
  const ms = epoch + micros / 1_000
  if (!Number.isInteger(ms) || Math.abs(ms) > 8.64e15) return `${micros} µs after 2000`
  const written = new Date(ms).toISOString()
  day = { number: Math.floor(ms / dayMs), text: written.slice(0, -13) }
  return written
}
