import { sql } from 'slonik'
import { z } from 'zod'
import { readCheckpoint } from '../../audit/checkpoint.ts'
import { readClaim } from '../../audit/claim.ts'
import { told } from '../../audit/compare/comparison.ts'
import { type NoteKey, openNote } from '../../audit/note.ts'
import type { SignedCheckpoint } from '../../reconcile/ports/checkpoints.ts'
import type { Database } from '../database.ts'
import { atMost, longest } from '../longest.ts'
import { newestStored, type StoredCheckpoint } from './checkpoints.ts'
import { ofLedger } from './vouched.ts'

/** Whose checkpoints count: `keys` undefined where nobody's is known. */
export type Trust = { readonly origin: string; readonly keys?: readonly NoteKey[] | undefined }

const seqRow = z.object({ seq: z.number() })
const chainRow = z.object({ chain: z.custom<Uint8Array>((value) => value instanceof Uint8Array) })

/** The checkpoint, where one of the keys has signed it and it says of itself what its row does; else what is wrong. */
const read = (
  { size, stored }: { readonly size: number; readonly stored: StoredCheckpoint | undefined },
  { origin, keys }: Trust,
): SignedCheckpoint | string => {
  const by = `checkpoint of ${size}`
  if (stored === undefined) return `${by}: it cannot be read`
  const { note, madeAt } = stored
  const opened = readClaim(note, { origin, keys }, { of: 'checkpoints', by })
  if (!opened.ok) return told(opened.fault)
  if (opened.claim.size !== size) return `${by}: it is over ${opened.claim.size} events`
  return { ...readCheckpoint(openNote(note, []).text), note, madeAt }
}

/** Stored checkpoints of ours, the newest first; whoever has the database can store any other. */
async function* signedCheckpoints(
  database: Database,
  trust: Trust,
  from: Parameters<typeof newestStored>[1],
): AsyncIterable<SignedCheckpoint> {
  for await (const one of newestStored(database, from)) {
    const found = read(one, trust)
    if (typeof found !== 'string') yield found
  }
}

/**
 * The newest of ours, sought through so many others at most; `below`: where the next search goes on, if there are more.
 * @param other is told what is wrong with each that is passed over, before the next is read
 */
export const seekSigned = async (
  database: Database,
  trust: Trust,
  from: { readonly below?: number },
  { most, other }: { readonly most: number; readonly other: (why: string) => void },
): Promise<{ readonly newest?: SignedCheckpoint; readonly below?: number }> => {
  let passed = 0
  for await (const one of newestStored(database, from)) {
    const found = read(one, trust)
    if (typeof found !== 'string') return { newest: found }
    other(found)
    passed += 1
    if (passed >= most) return { below: one.size - 1 }
  }
  return {}
}

/** Whether a stored checkpoint is one of these. */
export const isSigned = (trust: Trust, stored: StoredCheckpoint): boolean =>
  typeof read({ size: stored.size, stored }, trust) !== 'string'

/** The newest of ours; `until` as `newestStored` has it. */
export const newestSigned = async (
  database: Database,
  trust: Trust,
  from: Parameters<typeof newestStored>[1] = {},
): Promise<SignedCheckpoint | undefined> => {
  for await (const one of signedCheckpoints(database, trust, from)) return one
  return undefined
}

/** Whether one of ours is over more than `above` events, and `upTo` at most. */
export const isSignedBetween = async (
  database: Database,
  trust: Trust,
  above: number,
  upTo: number,
): Promise<boolean> => {
  for await (const one of newestStored(database, { below: upTo })) {
    if (one.size <= above) return false
    if (typeof read(one, trust) !== 'string') return true
  }
  return false
}

/** The newest of ours whose last event the ledger has, with this chain. */
export const newestHeld = async (database: Database, trust: Trust): Promise<SignedCheckpoint | undefined> => {
  const end = await database.run.maybeOne(sql.type(seqRow)`
    select seq from audit_events where ${ofLedger} order by seq desc limit 1`)
  for await (const one of signedCheckpoints(database, trust, { below: end?.seq ?? 0 })) {
    const row = await database.run.maybeOne(sql.type(chainRow)`
      select ${atMost(longest.hash, 'chain')} from audit_events where seq = ${one.size}`)
    if (row !== null && Buffer.compare(row.chain, one.head) === 0) return one
  }
  return undefined
}
