/** A file that is no export, or is cut off in the middle of a line. */
export class ExportError extends Error {
  readonly code = 'not_an_export'
}

/** Where a segment begins, and what of the ledger before it leads on to its checkpoint (segment.ts). */
export type SegmentBounds = {
  readonly first: number
  readonly last: number
  /** chain_(first − 1), in hex. */
  readonly head: string
  /** The peaks of the Merkle tree over what comes before, in hex, from left to right. */
  readonly peaks: readonly string[]
  /** The signed checkpoint over exactly what comes before; absent where nothing does. */
  readonly before?: string
}

/**
 * One line of an export, which is JSON Lines: the header, public keys, key rotations, then the events in order. The
 * evidence that an event names stands before it, at most `evidenceWindow` lines of evidence back, and each checkpoint
 * after the last event that it is over: so a reader needs no more memory for a longer file. A checkpoint over more
 * events than there are ends the file. `body` and `bytes` hold exactly the bytes that are hashed; a body that is no UTF-8,
 * which no event of ours is, stands as `base64`.
 */
export type ExportLine =
  | { readonly kind: 'header'; readonly origin: string; readonly segment?: SegmentBounds }
  /** A public key as `readNoteKey` takes it: a convenience, for trust comes from elsewhere. */
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'rotation'; readonly note: string }
  | { readonly kind: 'evidence'; readonly digest: string; readonly bytes: string }
  | {
      readonly kind: 'event'
      readonly seq: number
      readonly body: Buffer
      readonly leaf: string
      readonly chain: string
    }
  | { readonly kind: 'checkpoint'; readonly note: string }

/** Evidence written so many lines of evidence ago, or longer, is written again when an event names it. */
export const evidenceWindow = 10_000

/** As JSON, without a line end. */
export function exportLine(line: ExportLine): string {
  switch (line.kind) {
    case 'header':
      return JSON.stringify({ format, origin: line.origin, segment: line.segment })
    case 'key':
      return JSON.stringify({ key: line.key })
    case 'rotation':
      return JSON.stringify({ rotation: line.note })
    case 'evidence':
      return JSON.stringify({ evidence: line.digest, bytes: line.bytes })
    case 'event':
      return `{"seq":${line.seq},${bodyField(line.body)},"leaf":"${line.leaf}","chain":"${line.chain}"}`
    case 'checkpoint':
      return JSON.stringify({ checkpoint: line.note })
  }
}

/**
 * Reads what `exportLine` wrote.
 * @param number counted from 1: the first line must be the header, and no other may
 * @throws ExportError naming the line
 */
export function readExportLine(text: string, number: number): ExportLine {
  const said = object(text, number)
  const line = number === 1 ? headerOf(said) : lineOf(said)
  if (line !== undefined) return line
  throw new ExportError(
    number === 1
      ? 'line 1 is not the header of an export'
      : `line ${number} is neither a key, a rotation, evidence, an event nor a checkpoint`,
  )
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function bodyField(body: Uint8Array): string {
  try {
    return `"body":${JSON.stringify(utf8.decode(body))}`
  } catch {
    return `"base64":"${Buffer.from(body).toString('base64')}"`
  }
}

const format = 'gitsudo ledger export v1'
type Said = Readonly<Record<string, unknown>>

function headerOf({ format: named, origin, segment }: Said): ExportLine | undefined {
  if (named !== format || typeof origin !== 'string') return undefined
  if (segment === undefined) return { kind: 'header', origin }
  return isSegment(segment) ? { kind: 'header', origin, segment } : undefined
}

function lineOf(said: Said): ExportLine | undefined {
  const { seq, leaf, chain, evidence, bytes, checkpoint, rotation, key } = said
  if (typeof seq === 'number') {
    const body = bodyIn(said)
    return body !== undefined && typeof leaf === 'string' && typeof chain === 'string'
      ? { kind: 'event', seq, body, leaf, chain }
      : undefined
  }
  if (typeof evidence === 'string' && typeof bytes === 'string')
    return { kind: 'evidence', digest: evidence, bytes }
  if (typeof checkpoint === 'string') return { kind: 'checkpoint', note: checkpoint }
  if (typeof rotation === 'string') return { kind: 'rotation', note: rotation }
  return typeof key === 'string' ? { kind: 'key', key } : undefined
}

function bodyIn({ body, base64 }: Said): Buffer | undefined {
  // With both, one would be read and the other hashed.
  if (typeof body === 'string' && base64 === undefined) return Buffer.from(body, 'utf8')
  return typeof base64 === 'string' && body === undefined ? Buffer.from(base64, 'base64') : undefined
}

function isSegment(value: unknown): value is SegmentBounds {
  if (typeof value !== 'object' || value === null) return false
  const { first, last, head, peaks, before } = value as Said
  return (
    Number.isSafeInteger(first) &&
    Number.isSafeInteger(last) &&
    isHash(head) &&
    Array.isArray(peaks) &&
    peaks.every(isHash) &&
    (before === undefined || typeof before === 'string')
  )
}

const isHash = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)

function object(text: string, number: number): Said {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ExportError(`line ${number} is not JSON: the file may be cut off`, { cause })
  }
  if (typeof value === 'object' && value !== null) return value as Said
  throw new ExportError(`line ${number} is not an object`)
}
