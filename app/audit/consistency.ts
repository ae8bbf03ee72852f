import { type Checkpoint, checkpointIn, readCheckpoint } from './checkpoint.ts'
import type { ExportLine } from './export-line.ts'
import { hex } from './hex.ts'
import { consistencyRanges, continues, rootsOf } from './merkle.ts'
import { NoteError, type NoteKey, openNote } from './note.ts'

/** That the ledger under a checkpoint goes on from an older one, written as a witness is told so (c2sp.org/tlog-witness). */
export type Consistency = {
  /** How many events the older checkpoint is over. */
  readonly before: number
  /** `consistencyRanges`' roots. */
  readonly path: readonly Uint8Array[]
  /** The newer one: a signed note. */
  readonly checkpoint: string
}

/** As a text file: `old` and the older size, the roots, an empty line, the newer checkpoint. */
export const consistencyText = ({ before, path, checkpoint }: Consistency): string =>
  `${[`${mark}${before}`, ...path.map((root) => Buffer.from(root).toString('base64'))].join('\n')}\n\n${checkpoint}`

/** Whether this is a file's first line. */
export const isConsistency = (line: string): boolean => line.startsWith(mark)

/** @throws NoteError */
export function readConsistency(text: string): Consistency {
  const cut = text.indexOf('\n\n')
  const [old = '', ...path] = text.slice(0, Math.max(0, cut)).split('\n')
  const proof = {
    before: Number(old.slice(mark.length)),
    path: path.map((line) => Buffer.from(line, 'base64')),
    checkpoint: text.slice(cut + 2),
  }
  if (cut < 0 || !Number.isSafeInteger(proof.before) || consistencyText(proof) !== text)
    throw new NoteError('The proof is not written the one way it can be.')
  return proof
}

/**
 * The proof that a checkpoint's ledger goes on from one of `before` (at least 1) events, and how many it is over; no proof
 * where these are fewer.
 * @throws NoteError where the leaves do not lead from the one to the other
 */
export async function growth(
  before: number,
  checkpoint: string,
  leaves: () => AsyncIterable<Uint8Array>,
): Promise<{ readonly size: number; readonly proof?: string }> {
  const { size, root } = readCheckpoint(openNote(checkpoint, []).text)
  if (size < before) return { size }
  const ranges = consistencyRanges(before, size)
  // The older root is not part of the proof; without it nobody knows here that the rest leads anywhere.
  const whole = { start: 0, end: before }
  const [old, ...path] = await rootsOf([whole, ...ranges], leaves()).catch((cause: unknown) => {
    throw cause instanceof RangeError ? new NoteError(astray, { cause }) : cause
  })
  if (old === undefined || !continues({ before, size, path }, old, root)) throw new NoteError(astray)
  return { size, proof: consistencyText({ before, path, checkpoint }) }
}

/**
 * What a proof shows of the older checkpoint: the newer one.
 * @throws NoteError naming what does not hold
 */
export function checkConsistency(
  { before, path, checkpoint }: Consistency,
  old: Pick<Checkpoint, 'origin' | 'size' | 'root'>,
  keys: readonly NoteKey[],
): Checkpoint {
  const { text, signedBy } = openNote(checkpoint, keys)
  const at = readCheckpoint(text)
  if (!signedBy.some(({ name }) => name === at.origin))
    throw new NoteError('The checkpoint is signed by none of the keys given.')
  if (old.origin !== at.origin) throw new NoteError(`It is of ${at.origin}, not of ${old.origin}.`)
  if (old.size !== before || !continues({ before, size: at.size, path }, old.root, at.root))
    throw new NoteError(
      `The proof does not lead from the checkpoint of ${before} events to that of ${at.size}.`,
    )
  return at
}

/** The newest checkpoint of an export that its chain agrees with; `size`: the one over so many events. */
export async function heldInExport(
  lines: AsyncIterable<ExportLine>,
  size: number | undefined,
): Promise<string | undefined> {
  let held: string | undefined
  let last: { readonly seq: number; readonly chain: string } | undefined
  for await (const line of lines) {
    if (line.kind === 'event') last = line
    if (line.kind !== 'checkpoint') continue
    const said = checkpointIn(line.note)
    if (said === undefined || said.size !== (size ?? said.size)) continue
    if (said.size === last?.seq && hex(said.head) === last.chain) held = line.note
  }
  return held
}

const mark = 'old '
const astray =
  'The events do not lead from the one checkpoint to the other: gitsudo audit verify says where they were altered.'
