import type { LedgerRow } from '../../audit/verify.ts'

/** What `rowOf` reads, in this order; `e` is the event, `c` its checkpoint. */
export const rowColumns = `e.seq, e.body, e.leaf, e.chain, e.type, e.at, e.actor_kind, e.actor_id, e.actor_login,
  e.request_id, e.grant_id, e.repo_id, e.pull, e.commit, c.note`

/** A row of `rowColumns` as PostgreSQL's binary format has it. What was altered past what fits is as near as can be. */
export function rowOf(fields: readonly (Buffer | undefined)[]): {
  readonly row: LedgerRow
  /** The note stored for the ledger up to it. */
  readonly checkpoint: string | null
} {
  const [seq, body, leaf, chain, type, at, actorKind, actorId, actorLogin, ...rest] = fields
  const [requestId, grantId, repoId, pull, commit, note] = rest
  const row = {
    seq: integer(seq) ?? 0,
    body: body ?? nothing,
    leaf: leaf ?? nothing,
    chain: chain ?? nothing,
    columns: {
      type: text(type) ?? '',
      at: instant(at),
      actorKind: text(actorKind) ?? '',
      actorId: text(actorId) ?? '',
      actorLogin: text(actorLogin),
      requestId: text(requestId),
      grantId: text(grantId),
      repoId: integer(repoId),
      pull: integer(pull),
      commit: text(commit),
    },
  }
  return { row, checkpoint: text(note) }
}

const nothing = new Uint8Array()

const text = (field: Buffer | undefined): string | null =>
  field === undefined ? null : field.toString('utf8')

/** int8 */
const integer = (field: Buffer | undefined): number | null =>
  field === undefined ? null : field.readInt32BE(0) * 2 ** 32 + field.readUInt32BE(4)

const dayMs = 86_400_000
const epoch = Date.UTC(2000, 0, 1)
/** The day of the row before: events come in the order of time, and writing a date takes longer than hashing a row. */
let day = { number: Number.NaN, text: '' }

/** timestamptz: microseconds since 2000. */
function instant(field: Buffer | undefined): string {
  const micros = integer(field) ?? Number.NaN
  const ms = epoch + micros / 1_000
  if (!Number.isInteger(ms) || Math.abs(ms) > 8.64e15) return `${micros} µs after 2000`
  const number = Math.floor(ms / dayMs)
  if (number !== day.number) day = { number, text: new Date(ms).toISOString().slice(0, -13) }
  const within = ms - number * dayMs
  const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`)
  const hours = two(Math.floor(within / 3_600_000))
  const minutes = two(Math.floor(within / 60_000) % 60)
  const seconds = two(Math.floor(within / 1_000) % 60)
  const millis = within % 1_000
  return `${day.text}${hours}:${minutes}:${seconds}.${millis < 10 ? '00' : millis < 100 ? '0' : ''}${millis}Z`
}
