import { originHead } from '../../audit/chain.ts'
import { type ExportLine, exportLine } from '../../audit/export-line.ts'
import { hex } from '../../audit/hex.ts'
import { createTree } from '../../audit/merkle.ts'
import { ownKeys, readNoteKey } from '../../audit/note.ts'
import { linkedRotations, rotationsOf, trustedKeys } from '../../audit/rotation.ts'
import { segmentFaults } from '../../audit/segment.ts'
import { createExportVerifier } from '../../audit/verify-export.ts'
import type { SignedCheckpoint } from '../../reconcile/ports/checkpoints.ts'
import type { Database } from '../database.ts'
import { readRotations, type StoredCheckpoint } from './checkpoints.ts'
import { LedgerError } from './error.ts'
import { opening, readEvents } from './export.ts'
import { isSigned, newestSigned } from './newest.ts'
import { leaves } from './prove.ts'

/**
 * A segment: the events after the newest checkpoint made up to `since` (from the first on, without it), up to the
 * newest made up to `until`, in epoch ms. Both ends are signed already, so that sealing needs no key and segments of
 * adjoining periods adjoin. What is written is verified along the way, evidence and checkpoints in between included, for
 * it may be written once only; rows on record as not gitsudo's are sealed with that record. Where keys are given, only
 * checkpoints count that one of them, or one that they introduced, has signed. What is stored as a checkpoint or a
 * rotation and is none of this ledger is left out.
 * @returns first and last event
 * @throws LedgerError `keys_of_others`, `nothing_to_seal`, `tampered`
 */
export const exportSegment = (
  database: Database,
  origin: string,
  options: {
    readonly keys: readonly string[]
    readonly since?: number
    readonly until: number
    readonly write: (text: string) => Promise<void>
  },
): Promise<{ readonly first: number; readonly last: number }> =>
  database.snapshot(async () => {
    const { keys, since, until, write } = options
    const ours = keys.length === 0 ? undefined : ownKeys(origin, keys.map(readNoteKey))
    for (const fault of ours?.faults ?? [])
      throw new LedgerError('keys_of_others', `Nothing was sealed: ${fault}.`)
    const given = ours?.keys
    const stored = await readRotations(database)
    const rotations = given ? linkedRotations(given, stored) : rotationsOf(origin, stored)
    const trust = { origin, keys: given && trustedKeys(given, rotations) }
    const newest = async (until: number) => nonEmpty(await newestSigned(database, trust, { until }))
    const before = since === undefined ? undefined : await newest(since)
    const end = await newest(until)
    const after = before?.size ?? 0
    if (end === undefined || end.size <= after)
      throw new LedgerError('nothing_to_seal', 'No checkpoint over new events was made in that time.')

    const bounds = {
      ...{ first: after + 1, last: end.size, head: hex(before?.head ?? originHead(origin)) },
      peaks: await peaksOf(database, after),
      ...(before !== undefined && { before: before.note }),
    }
    const verifier = createExportVerifier(trust.keys ? { keys: trust.keys } : {})
    const put = async (lines: readonly ExportLine[]) => {
      for (const line of lines) verifier.push(line)
      await write(lines.map((line) => `${exportLine(line)}\n`).join(''))
    }
    await put(opening({ kind: 'header', origin, segment: bounds }, keys, rotations))
    const counts = (checkpoint: StoredCheckpoint) => isSigned(trust, checkpoint)
    await readEvents(database, put, { after, upTo: end.size, counts })
    const [fault] = segmentFaults(origin, bounds, verifier.end())
    if (fault !== undefined) throw tampered(fault)
    return { first: after + 1, last: end.size }
  })

const nonEmpty = (checkpoint: SignedCheckpoint | undefined) =>
  checkpoint === undefined || checkpoint.size === 0 ? undefined : checkpoint

/** Of the tree over the first so many leaves. */
async function peaksOf(database: Database, count: number): Promise<readonly string[]> {
  const tree = createTree()
  if (count > 0)
    for await (const leaf of leaves(database)) {
      tree.push(leaf)
      if (tree.size === count) break
    }
  if (tree.size < count) throw tampered(`events before ${count + 1} are missing`)
  return tree.peaks().map(hex)
}

const tampered = (fault: string) =>
  new LedgerError(
    'tampered',
    `The events do not lead from checkpoint to checkpoint, so nothing was sealed: ${fault}.`,
  )
