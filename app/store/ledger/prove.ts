import { sql } from 'slonik'
import { z } from 'zod'
import { type Proven, prove, type Wanted } from '../../audit/prove.ts'
import type { Database } from '../database.ts'
import { readRotations } from './checkpoints.ts'
import { newestHeld, newestSigned } from './newest.ts'
import { ledgerReads } from './read.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
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

const bySeq = (database: Database, seq: number) =>
  database.run.any(sql.type(eventRow)`select seq, body from audit_events where seq = ${seq}`)

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
