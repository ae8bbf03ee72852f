import { NoteError, openNote } from './note.ts'

/** The ledger at one size (c2sp.org/tlog-checkpoint): what a signed note vouches for. */
export type Checkpoint = {
  /** The instance. */
  readonly origin: string
  readonly size: number
  /** Merkle root over the leaves 1 … size. */
  readonly root: Uint8Array
  /** chain_size. */
  readonly head: Uint8Array
}

/** The note's text: origin, size, root, and the chain head as extension line. */
export function checkpointText({ origin, size, root, head }: Checkpoint): string {
  return `${origin}\n${size}\n${base64(root)}\n${extension}${base64(head)}\n`
}

/** @throws NoteError for what is not exactly as `checkpointText` writes it */
export function readCheckpoint(text: string): Checkpoint {
  const [origin, number, root, line, rest, ...more] = text.split('\n')
  if (!origin || number === undefined || root === undefined || rest !== '' || more.length > 0)
    throw new NoteError('A checkpoint is four lines: origin, size, root and chain head.')
  if (line === undefined || !line.startsWith(extension))
    throw new NoteError(`The fourth line of a checkpoint begins with ${extension.trim()}.`)
  const checkpoint = {
    origin,
    size: Number(number),
    root: hash(root),
    head: hash(line.slice(extension.length)),
  }
  if (!/^(0|[1-9]\d{0,15})$/.test(number) || checkpointText(checkpoint) !== text)
    throw new NoteError('The checkpoint is not written the one way it can be.')
  return checkpoint
}

const extension = 'gitsudo-chain '

function hash(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== 32) throw new NoteError(`${JSON.stringify(text)} is no SHA-256 in base64.`)
  return bytes
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** What a note says, whoever signed it; undefined: it is no checkpoint. */
export function checkpointIn(note: string): Checkpoint | undefined {
  try {
    return readCheckpoint(openNote(note, []).text)
  } catch (error) {
    if (error instanceof NoteError) return undefined
    throw error
  }
}
