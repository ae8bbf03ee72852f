import { sql } from 'slonik'
import { exportLine } from '../../audit/export-line.ts'
import type { Database } from '../database.ts'
import { readCheckpoints, readRotations } from './checkpoints.ts'
import { createEvidenceLines } from './export-evidence.ts'

/** Takes whole lines, with their ends; resolves when it can take more. */
export type Write = (text: string) => Promise<void>

type EventRow = { readonly seq: string; readonly body: Buffer; readonly leaf: string; readonly chain: string }
/** So few at once that the evidence of all of them may be large. */
const pageSize = 250 // as in the fetch below

/**
 * The ledger at one moment as an export (audit/export-line.ts), in constant memory: what is there, also where it was
 * altered, so that whoever verifies it finds that.
 * @param keys public keys as `readNoteKey` takes them
 * @returns how many events
 */
export const exportLedger = (
  database: Database,
  origin: string,
  { keys, write }: { readonly keys: readonly string[]; readonly write: Write },
): Promise<number> =>
  database.snapshot(async () => {
    const lines = async (texts: readonly string[]) => {
      if (texts.length > 0) await write(`${texts.join('\n')}\n`)
    }
    await lines([
      exportLine({ kind: 'header', origin }),
      ...keys.map((key) => exportLine({ kind: 'key', key })),
      ...(await readRotations(database)).map((note) => exportLine({ kind: 'rotation', note })),
    ])
    const checkpoints = readCheckpoints(database)[Symbol.asyncIterator]()
    let checkpoint = await checkpoints.next()
    /** Those over fewer than `seq` events that are not written yet. */
    const due = async (seq: number) => {
      const texts: string[] = []
      for (; !checkpoint.done && checkpoint.value.size < seq; checkpoint = await checkpoints.next())
        texts.push(exportLine({ kind: 'checkpoint', note: checkpoint.value.note }))
      return texts
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
      const out: string[] = []
      for (const [index, { seq, body, leaf, chain }] of page.entries()) {
        out.push(...(await due(Number(seq))), ...(rests[index] ?? []))
        out.push(exportLine({ kind: 'event', seq: Number(seq), body: body.toString('utf8'), leaf, chain }))
      }
      await lines(out)
      events += page.length
      if (page.length < pageSize) break
    }
    await lines(await due(Number.POSITIVE_INFINITY))
    return events
  })
