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

/** Whose checkpoints count: `keys` undefined where nobody's is known. */
export type Trust = { readonly origin: string; readonly keys?: readonly NoteKey[] | undefined }

const chainRow = z.object({ chain: z.custom<Uint8Array>((value) => value instanceof Uint8Array) })

/**
 * Stored checkpoints that say of themselves what their rows do, signed by one of the keys, the newest first; whoever has
 * the database can store any other.
 * @param until epoch ms
 * @param other is told what is wrong with each that is passed over
 */
export async function* signedCheckpoints(
  database: Database,
  { origin, keys }: Trust,
  { until, other }: { readonly until?: number; readonly other?: (why: string) => void } = {},
): AsyncIterable<SignedCheckpoint> {
  for await (const { size, note, madeAt } of newestStored(database, until)) {
    const opened = readClaim(note, { origin, keys }, { of: 'checkpoints', by: `checkpoint of ${size}` })
    if (opened.ok && opened.claim.size === size)
      yield { ...readCheckpoint(openNote(note, []).text), note, madeAt }
    else if (!opened.ok) other?.(told(opened.fault))
    else other?.(`checkpoint of ${size}: it is over ${opened.claim.size} events`)
  }
}

/** Whether a stored checkpoint is one of these. */
export const isSigned = ({ origin, keys }: Trust, { size, note }: StoredCheckpoint): boolean => {
  const opened = readClaim(note, { origin, keys }, { of: 'checkpoints', by: '' })
  return opened.ok && opened.claim.size === size
}

/** The newest of these. */
export const newestSigned = async (
  database: Database,
  trust: Trust,
  how: Parameters<typeof signedCheckpoints>[2] = {},
): Promise<SignedCheckpoint | undefined> => {
  for await (const one of signedCheckpoints(database, trust, how)) return one
  return undefined
}

/** The newest of these whose last event the ledger has, with this chain. */
export const newestHeld = async (database: Database, trust: Trust): Promise<SignedCheckpoint | undefined> => {
  for await (const one of signedCheckpoints(database, trust)) {
    const row = await database.run.maybeOne(sql.type(chainRow)`
      select ${atMost(longest.hash, 'chain')} from audit_events where seq = ${one.size}`)
    if (row !== null && Buffer.compare(row.chain, one.head) === 0) return one
  }
  return undefined
}
