import { sql } from 'slonik'
import { type ExportLine, exportLine } from '../../audit/export-line.ts'
import type { Database } from '../database.ts'
import { readCheckpoints, readRotations, type StoredCheckpoint } from './checkpoints.ts'
import { createEvidenceLines } from './export-evidence.ts'

/** What becomes of lines, some at a time. */
export type Take = (lines: readonly ExportLine[]) => Promise<void>

type EventRow = { readonly seq: string; readonly body: Buffer; readonly leaf: string; readonly chain: string }
/** So few at once that the evidence of all of them may be large. */
const pageSize = 250 // as in the fetch below

/**
 * The ledger as an export, JSON Lines, in constant memory.
 * @param keys public keys as `readNoteKey` takes them
 * @param write takes whole lines; resolves when it can take more
 * @returns how many events
 */
export const exportLedger = (
  database: Database,
  origin: string,
  { keys, write }: { readonly keys: readonly string[]; readonly write: (text: string) => Promise<void> },
): Promise<number> =>
  readLedger(database, { origin, keys }, (lines) =>
    write(lines.map((line) => `${exportLine(line)}\n`).join('')),
  )

/**
 * The ledger at one moment, in the lines of an export: what is there, also where it was altered, so that whoever
 * verifies it finds that.
 * @returns how many events
 */
export const readLedger = (
  database: Database,
  { origin, keys }: { readonly origin: string; readonly keys: readonly string[] },
  take: Take,
): Promise<number> =>
  database.snapshot(async () => {
    await take(opening({ kind: 'header', origin }, keys, await readRotations(database)))
    return readEvents(database, take)
  })

/** What comes before the events. */
export const opening = (
  header: ExportLine,
  keys: readonly string[],
  rotations: readonly string[],
): readonly ExportLine[] => [
  header,
  ...keys.map((key) => ({ kind: 'key', key }) as const),
  ...rotations.map((note) => ({ kind: 'rotation', note }) as const),
]

/**
 * Events with their evidence and checkpoints, in the transaction that the caller is in.
 * @param bounds those after the one and up to the other, with the checkpoints that count; else all of them, wherever
 * somebody put them
 * @returns how many events
 */
export async function readEvents(
  database: Database,
  take: Take,
  bounds?: {
    readonly after: number
    readonly upTo: number
    readonly counts: (checkpoint: StoredCheckpoint) => boolean
  },
): Promise<number> {
  const checkpoints = readCheckpoints(database, bounds?.after)[Symbol.asyncIterator]()
  let checkpoint = await checkpoints.next()
  /** Those over fewer than `seq` events that were not taken yet. */
  const due = async (seq: number) => {
    const found: ExportLine[] = []
    for (; !checkpoint.done && checkpoint.value.size < seq; checkpoint = await checkpoints.next())
      if (bounds?.counts(checkpoint.value) ?? true)
        found.push({ kind: 'checkpoint', note: checkpoint.value.note })
    return found
  }
  const evidence = createEvidenceLines(database)
  let events = 0
  const wanted = bounds
    ? sql.fragment`seq > ${literal(bounds.after)} and seq <= ${literal(bounds.upTo)}`
    : sql.fragment`true`
  // A cursor, and no paging by seq: that would step over a row whose seq was doubled.
  await database.run.query(sql.unsafe`
    declare exported no scroll cursor for
    select seq::text, body, encode(leaf, 'hex') as leaf, encode(chain, 'hex') as chain
    from audit_events where ${wanted} order by audit_events.seq`)
  for (;;) {
    const { rows } = await database.run.query(sql.unsafe`fetch 250 from exported`)
    const page = rows as unknown as readonly EventRow[]
    const rests = await evidence(page.map(({ body }) => body))
    const lines: ExportLine[] = []
    for (const [index, { seq: place, body, leaf, chain }] of page.entries()) {
      const seq = Number(place)
      lines.push(...(await due(seq)), ...(rests[index] ?? []))
      lines.push({ kind: 'event', seq, body, leaf, chain })
    }
    await take(lines)
    events += page.length
    if (page.length < pageSize) break
  }
  await take(await due(bounds ? bounds.upTo + 1 : Number.POSITIVE_INFINITY))
  return events
}

/** A cursor takes no parameters. */
const literal = (seq: number) => sql.literalValue(String(seq))
