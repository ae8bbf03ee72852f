import { leafHash, originHead } from '../../audit/chain.ts'
import type { Checkpoint } from '../../audit/checkpoint.ts'
import { type ExportLine, exportLine } from '../../audit/export-line.ts'
import { hex } from '../../audit/hex.ts'
import { createTree, type MerkleTree } from '../../audit/merkle.ts'
import { readNoteKey } from '../../audit/note.ts'
import { trustedKeys } from '../../audit/rotation.ts'
import type { SignedCheckpoint } from '../../reconcile/ports/checkpoints.ts'
import type { Database } from '../database.ts'
import { readRotations } from './checkpoints.ts'
import { LedgerError } from './error.ts'
import { opening, readEvents } from './export.ts'
import { newestSigned } from './newest.ts'
import { leaves } from './prove.ts'

/**
 * A segment: the events after the newest checkpoint made up to `since` (from the first on, without it), up to the
 * newest made up to `until`, in epoch ms. Both ends are signed already, so that sealing needs no key and segments of
 * adjoining periods adjoin. Nothing is sealed that does not lead from the one to the other. Where keys are given, only
 * checkpoints count that one of them, or one that they introduced, has signed.
 * @returns first and last event
 * @throws LedgerError `nothing_to_seal`, `tampered`
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
    const given = keys.length === 0 ? undefined : keys.map(readNoteKey)
    const trust = { origin, keys: given && trustedKeys(given, await readRotations(database)) }
    const newest = async (until: number) => nonEmpty(await newestSigned(database, trust, { until }))
    const before = since === undefined ? undefined : await newest(since)
    const end = await newest(until)
    const after = before?.size ?? 0
    if (end === undefined || end.size <= after)
      throw new LedgerError('nothing_to_seal', 'No checkpoint over new events was made in that time.')

    const tree = createTree()
    if (before !== undefined) for await (const leaf of firstLeaves(database, after)) tree.push(leaf)
    const peaks = tree.peaks().map(hex)
    let head = before?.head ?? originHead(origin)
    if (before !== undefined) agree(before, tree, head)
    const bounds = {
      ...{ first: after + 1, last: end.size, head: hex(head), peaks },
      ...(before !== undefined && { before: before.note }),
    }
    const put = (lines: readonly ExportLine[]) => write(lines.map((line) => `${exportLine(line)}\n`).join(''))
    await put(await opening(database, { kind: 'header', origin, segment: bounds }, keys))
    await readEvents(
      database,
      async (lines) => {
        for (const line of lines) {
          if (line.kind !== 'event') continue
          tree.push(leafHash(Buffer.from(line.body, 'utf8')))
          head = Buffer.from(line.chain, 'hex')
        }
        await put(lines)
      },
      { after, upTo: end.size },
    )
    agree(end, tree, head)
    return { first: after + 1, last: end.size }
  })

const nonEmpty = (checkpoint: SignedCheckpoint | undefined) =>
  checkpoint === undefined || checkpoint.size === 0 ? undefined : checkpoint

async function* firstLeaves(database: Database, count: number): AsyncIterable<Uint8Array> {
  let left = count
  for await (const leaf of leaves(database)) {
    if (left-- === 0) return
    yield leaf
  }
}

function agree(checkpoint: Checkpoint, tree: MerkleTree, head: Uint8Array): void {
  const { size, root } = checkpoint
  if (tree.size === size && hex(tree.root()) === hex(root) && hex(head) === hex(checkpoint.head)) return
  throw new LedgerError(
    'tampered',
    `The events do not lead to the checkpoint over ${size} of them, so nothing was sealed: run gitsudo audit verify.`,
  )
}
