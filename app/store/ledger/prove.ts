import { sql } from 'slonik'
import { z } from 'zod'
import { checkpointIn } from '../../audit/checkpoint.ts'
import { growth } from '../../audit/consistency.ts'
import { type Proven, prove, type Wanted } from '../../audit/prove.ts'
import type { Database } from '../database.ts'
import { atMost, longest } from '../longest.ts'
import { readRotations } from './checkpoints.ts'
import { newestHeld, newestSigned } from './newest.ts'
import { ledgerReads } from './read.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const heldRow = z.object({ note: z.string(), chain: bytes })
const eventRow = z.object({ seq: z.number(), body: bytes })
const pageSize = 10_000 // as in the fetch below

/**
 * Proofs from the ledger at one moment (audit/prove.ts), under the newest checkpoint that its chain agrees with; where
 * there is none, under the newest.
 */
export const proveEvents = (database: Database, origin: string, wanted: Wanted): Promise<Proven> =>
  database.snapshot(async () => {
    const trust = { origin }
    const checkpoint = (await newestHeld(database, trust)) ?? (await newestSigned(database, trust))
    const events = 'seq' in wanted ? await bySeq(database, wanted.seq) : await byRequest(database, wanted)
    const rotations = await readRotations(database)
    return prove(
      { events, rotations, ...(checkpoint !== undefined && { checkpoint: checkpoint.note }) },
      () => leaves(database),
    )
  })

/** As `LedgerAccess.proveGrowth`, from the ledger at one moment. */
export const proveGrowth = (database: Database, origin: string, from: number, to: number | undefined) =>
  database.snapshot(async () => {
    const note =
      to === undefined ? (await newestHeld(database, { origin }))?.note : await heldAt(database, to)
    return note === undefined ? undefined : growth(from, note, () => leaves(database))
  })

/** The stored checkpoint over so many events, if it says so and the ledger has its chain there. */
const heldAt = async (database: Database, size: number): Promise<string | undefined> => {
  const row = await database.run.maybeOne(sql.type(heldRow)`
    select c.note, e.chain from checkpoints c join audit_events e on e.seq = c.size where c.size = ${size}`)
  const said = row === null ? undefined : checkpointIn(row.note)
  return said?.size === size && Buffer.compare(said.head, row?.chain ?? said.root) === 0
    ? row?.note
    : undefined
}

const bySeq = (database: Database, seq: number) =>
  database.run.any(
    sql.type(eventRow)`select seq, ${atMost(longest.event, 'body')} from audit_events where seq = ${seq}`,
  )

const byRequest = async (database: Database, { request, type }: Exclude<Wanted, { seq: number }>) =>
  (await ledgerReads(database).history(request)).filter(({ event }) => event.type === (type ?? event.type))

/** Every leaf in order; in the caller's transaction. */
export async function* leaves(database: Database): AsyncIterable<Uint8Array> {
  await database.run.query(sql.unsafe`
    declare leaves no scroll cursor for select leaf from audit_events order by seq`)
  for (;;) {
    const { rows } = await database.run.query(sql.unsafe`fetch 10000 from leaves`)
    for (const { leaf } of rows as unknown as readonly { readonly leaf: Uint8Array }[]) yield leaf
    if (rows.length < pageSize) return
  }
}
