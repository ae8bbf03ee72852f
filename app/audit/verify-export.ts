import { hash } from 'node:crypto'
import {
  ExportError,
  type ExportLine,
  evidenceWindow,
  readExportLine,
  type SegmentBounds,
} from './export-line.ts'
import { createExcuses } from './foreign.ts'
import { treeOf } from './merkle.ts'
import {
  createVerifier,
  evidenceOf,
  type Start,
  type Verified,
  type Verifier,
  type VerifierOptions,
  withEvidence,
} from './verify.ts'

/**
 * `newestAt`: the latest time of an event (RFC 3339), the file's own last word. `unexcused`: the first event that is not
 * as it has to be, but for those on record as foreign.
 */
export type ExportVerified = Verified & {
  readonly newestAt?: string
  readonly unexcused?: { readonly seq: number; readonly what: string }
}

/**
 * Checks an export's lines: the chain, its checkpoints, and that every piece of evidence an event rests on is there
 * and hashes to its digest.
 * @throws ExportError with the line at fault
 */
export async function verifyExportLines(
  lines: AsyncIterable<string>,
  options: Pick<VerifierOptions, 'keys' | 'claims'> = {},
): Promise<ExportVerified> {
  const verifier = createExportVerifier(options)
  let number = 0
  for await (const text of lines) verifier.push(readExportLine(text, ++number))
  if (number === 0) throw new ExportError('the file is empty')
  return verifier.end()
}

/** The same, a line at a time, the header first; in constant memory. */
export function createExportVerifier(options: Pick<VerifierOptions, 'keys' | 'claims'> = {}) {
  let verifier: Verifier | undefined
  /** Sound evidence, the oldest first. */
  const known = new Set<string>()
  let missing: readonly [digest: string, seq: number] | undefined
  let newestAt = ''
  const excuses = createExcuses()
  return {
    /** @throws ExportError of a header whose bounds contradict themselves */
    push(line: ExportLine): void {
      if (line.kind === 'header') {
        const { origin, segment } = line
        verifier = createVerifier(origin, { ...options, ...(segment && { start: startOf(segment) }) })
        if (segment?.before !== undefined) verifier.checkpoint(segment.before, segment.first - 1)
      } else if (line.kind === 'evidence') {
        if (hash('sha256', line.bytes) !== line.digest) return
        known.delete(line.digest)
        known.add(line.digest)
        const [oldest] = known
        if (known.size > evidenceWindow && oldest !== undefined) known.delete(oldest)
      } else if (line.kind === 'checkpoint') verifier?.checkpoint(line.note, sizeOf(line.note))
      else if (line.kind === 'event') {
        const { seq, body, leaf, chain } = line
        const row = { seq, body, leaf: bytes(leaf), chain: bytes(chain) }
        const event = verifier?.push(row)
        if (event !== undefined && event.at > newestAt) newestAt = event.at
        const unknown = event && evidenceOf(event).find((digest) => !known.has(digest))
        if (unknown !== undefined) missing ??= [unknown, seq]
        excuses.push(line, unknown === undefined ? event : undefined)
      }
    },
    /** After the last line. */
    end(): ExportVerified {
      if (verifier === undefined) throw new ExportError('line 1 is not the header of an export')
      const verified = withEvidence(verifier.end(), missing)
      const odd = excuses.end()
      return {
        ...verified,
        ...(newestAt !== '' && { newestAt }),
        ...(odd !== undefined && { unexcused: { seq: odd, what: whatOf(verified, odd) } }),
      }
    },
  }
}

/** Of evidence only the first that is missing is told, and of other faults a thousand. */
function whatOf(verified: Verified, seq: number): string {
  const found = verified.ok ? [] : [verified, ...verified.more]
  return found.find((one) => one.seq === seq)?.what ?? 'what it says'
}

/** A segment goes on from what came before it, which its checkpoint vouches for. */
function startOf({ first, head, peaks }: SegmentBounds): Start {
  try {
    const tree = treeOf(
      first - 1,
      peaks.map((peak) => bytes(peak)),
    )
    return { seq: first - 1, head: bytes(head), tree }
  } catch (cause) {
    if (cause instanceof RangeError) throw new ExportError(`line 1: ${cause.message}`, { cause })
    throw cause
  }
}

/** As the note itself says it: an export keeps no column beside it. */
const sizeOf = (note: string): number => Number(note.split('\n', 2)[1])

const bytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex')
