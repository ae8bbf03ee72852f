import { leafHash } from './chain.ts'
import { type Checkpoint, readCheckpoint } from './checkpoint.ts'
import { includes } from './merkle.ts'
import { NoteError, type NoteKey, openNote } from './note.ts'
import { rotationMark, trustedKeys } from './rotation.ts'

/** A proof's first line. */
export const proofMark = 'c2sp.org/tlog-proof@v1'

/** That one event is in the ledger a checkpoint vouches for (c2sp.org/tlog-proof). */
export type Proof = {
  /** The event's bytes. */
  readonly body: Uint8Array
  readonly seq: number
  /** `inclusionRanges`' roots, nearest the leaf first. */
  readonly path: readonly Uint8Array[]
  /** The signed note. */
  readonly checkpoint: string
  /** What leads from an older key to the one that signed it (rotation.ts). */
  readonly rotations: readonly string[]
}

/**
 * As a text file: the index is `seq` − 1, the `extra` line is the body and, after a line feed each, the rotations. No
 * JSON goes on with the line that a rotation begins with.
 */
export function proofText({ body, seq, path, checkpoint, rotations }: Proof): string {
  const extra = Buffer.concat([body, ...rotations.map((note) => Buffer.from(`\n${note}`, 'utf8'))])
  const lines = [proofMark, `extra ${base64(extra)}`, `index ${seq - 1}`, ...path.map(base64)]
  return `${lines.join('\n')}\n\n${checkpoint}`
}

/** @throws NoteError */
export function readProof(text: string): Proof {
  const cut = text.indexOf('\n\n')
  if (cut < 0) throw new NoteError('This is no proof: it ends before its checkpoint.')
  const [head, extra, index, ...path] = text.slice(0, cut).split('\n')
  if (head !== proofMark) throw new NoteError(`This is no proof: its first line is not ${proofMark}.`)
  if (!extra?.startsWith('extra '))
    throw new NoteError('The proof holds no event: it lacks the line "extra …".')
  if (index === undefined || !/^index (0|[1-9]\d{0,15})$/.test(index))
    throw new NoteError('The proof does not say which event it is of: it lacks the line "index …".')
  const said = Buffer.from(extra.slice('extra '.length), 'base64')
  const end = said.indexOf(between)
  const proof = {
    body: end < 0 ? said : said.subarray(0, end),
    seq: Number(index.slice('index '.length)) + 1,
    path: path.map((line) => Buffer.from(line, 'base64')),
    checkpoint: text.slice(cut + 2),
    rotations: end < 0 ? [] : rotationsIn(said.subarray(end).toString('utf8')),
  }
  if (proofText(proof) !== text) throw new NoteError('The proof is not written the one way it can be.')
  return proof
}

/**
 * What a proof shows: the checkpoint it rests on, signed by one of `keys` that is of its ledger, or by one that its
 * rotations lead to.
 * @throws NoteError naming what does not hold
 */
export function checkProof(
  { body, seq, path, checkpoint, rotations }: Proof,
  keys: readonly NoteKey[],
): Checkpoint {
  const { text, signedBy } = openNote(checkpoint, trustedKeys(keys, rotations))
  const at = readCheckpoint(text)
  if (!signedBy.some(({ name }) => name === at.origin))
    throw new NoteError(
      'The checkpoint is signed by none of the keys given, nor by one that they introduced.',
    )
  if (!includes({ index: seq - 1, size: at.size, path }, leafHash(body), at.root))
    throw new NoteError(`The proof does not lead from event ${seq} to the checkpoint's root.`)
  return at
}

const between = `\n${rotationMark}\n`
const rotationsIn = (text: string): readonly string[] =>
  text
    .split(between)
    .slice(1)
    .map((rest) => `${rotationMark}\n${rest}`)
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
