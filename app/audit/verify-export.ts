import { hash } from 'node:crypto'
import { createVerifier, type Verified } from './verify.ts'

/** A file that is no export, or is cut off in the middle of a line. */
export class ExportError extends Error {
  readonly code = 'not_an_export'
}

/**
 * Checks an export's lines (store/ledger/export.ts writes them): the chain, and that every piece of evidence
 * an event rests on is there and hashes to its digest. Throws `ExportError` with the line at fault.
 */
export async function verifyExportLines(lines: AsyncIterable<string>): Promise<Verified> {
  let verifier: ReturnType<typeof createVerifier> | undefined
  let number = 0
  /** Digest → the first event that rests on it. */
  const needed = new Map<string, number>()
  for await (const line of lines) {
    number++
    const said = object(line, number)
    if (verifier === undefined) {
      if (said.format !== 'gitsudo ledger export v1' || typeof said.origin !== 'string') {
        throw new ExportError(`line ${number} is not the header of an export`)
      }
      verifier = createVerifier(said.origin)
    } else if (typeof said.evidence === 'string' && typeof said.bytes === 'string') {
      if (hash('sha256', said.bytes) === said.evidence) needed.delete(said.evidence)
    } else if (
      typeof said.seq === 'number' &&
      typeof said.body === 'string' &&
      typeof said.leaf === 'string' &&
      typeof said.chain === 'string'
    ) {
      const { seq } = said
      const row = {
        seq,
        body: bytes(said.body),
        leaf: bytes(said.leaf, 'hex'),
        chain: bytes(said.chain, 'hex'),
      }
      verifier.push(row, (digest) => {
        if (!needed.has(digest)) needed.set(digest, seq)
        return true
      })
    } else {
      throw new ExportError(`line ${number} is neither an event nor evidence`)
    }
  }
  if (verifier === undefined) throw new ExportError('the file is empty')
  const outcome = verifier.end()
  const missing = [...needed].sort(([, a], [, b]) => a - b)[0]
  if (!outcome.ok || missing === undefined) return outcome
  const [expected, seq] = missing
  return {
    ok: false,
    seq,
    what: 'evidence',
    expected,
    found: 'missing or altered',
    consistentAfter: outcome.events - seq,
  }
}

function object(line: string, number: number): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch (cause) {
    throw new ExportError(`line ${number} is not JSON: the file may be cut off`, { cause })
  }
  throw new ExportError(`line ${number} is not an object`)
}

const bytes = (text: string, encoding: 'utf8' | 'hex' = 'utf8'): Uint8Array => Buffer.from(text, encoding)
