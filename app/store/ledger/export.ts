import { sql } from 'slonik'
import { type ExportLine, exportLine } from '../../audit/export-line.ts'
import type { Database } from '../database.ts'
import { readCheckpoints, readRotations } from './checkpoints.ts'
import { createEvidenceLines } from './export-evidence.ts'

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
 * @param take what becomes of the lines, some at a time
 * @returns how many events
 */
export const readLedger = (
  database: Database,
  { origin, keys }: { readonly origin: string; readonly keys: readonly string[] },
  take: (lines: readonly ExportLine[]) => Promise<void>,
): Promise<number> =>
  database.snapshot(async () => {
    await take([
      { kind: 'header', origin },
      ...keys.map((key) => ({ kind: 'key', key }) as const),
      ...(await readRotations(database)).map((note) => ({ kind: 'rotation', note }) as const),
    ])
    const checkpoints = readCheckpoints(database)[Symbol.asyncIterator]()
    let checkpoint = await checkpoints.next()
    /** Those over fewer than `seq` events that were not taken yet. */
    const due = async (seq: number) => {
      const found: ExportLine[] = []
      for (; !checkpoint.done && checkpoint.value.size < seq; checkpoint = await checkpoints.next())
        found.push({ kind: 'checkpoint', note: checkpoint.value.note })
      return found
    }
    const evidence = createEvidenceLines(database)
    let events = 0
    // A cursor, and no paging by seq: that would step over a row whose seq was doubled.
    await database.run.query(sql.unsafe`
      declare exported no scroll cursor for
      select seq::text, body, encode(leaf, 'hex') as leaf, encode(chain, 'hex') as chain
      from audit_events order by audit_events.seq`)
    for (;;) {
      const { rows } = await database.run.query(sql.unsafe`fetch 250 from exported`)
      const page = rows as unknown as readonly EventRow[]
      const rests = await evidence(page.map(({ body }) => body))
      const lines: ExportLine[] = []
      for (const [index, { seq: place, body, leaf, chain }] of page.entries()) {
        const seq = Number(place)
        lines.push(...(await due(seq)), ...(rests[index] ?? []))
        lines.push({ kind: 'event', seq, body: body.toString('utf8'), leaf, chain })
      }
      await take(lines)
      events += page.length
      if (page.length < pageSize) break
    }
    await take(await due(Number.POSITIVE_INFINITY))
    return events
  })
