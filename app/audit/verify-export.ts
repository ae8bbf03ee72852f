import { hash } from 'node:crypto'
import { ExportError, evidenceWindow, readExportLine } from './export-line.ts'
import { createVerifier, type Verified } from './verify.ts'

/**
 * Checks an export's lines: the chain, and that every piece of evidence an event rests on is there and hashes to its
 * digest.
 * @throws ExportError with the line at fault
 */
export async function verifyExportLines(lines: AsyncIterable<string>): Promise<Verified> {
  let verifier: ReturnType<typeof createVerifier> | undefined
  let number = 0
  /** Sound evidence, the oldest first. */
  const known = new Set<string>()
  for await (const text of lines) {
    const line = readExportLine(text, ++number)
    if (line.kind === 'header') verifier = createVerifier(line.origin)
    else if (line.kind === 'evidence') {
      if (hash('sha256', line.bytes) !== line.digest) continue
      known.delete(line.digest)
      known.add(line.digest)
      const [oldest] = known
      if (known.size > evidenceWindow && oldest !== undefined) known.delete(oldest)
    } else if (line.kind === 'event') {
      const { seq, body, leaf, chain } = line
      verifier?.push(
        { seq, body: bytes(body), leaf: bytes(leaf, 'hex'), chain: bytes(chain, 'hex') },
        (digest) => known.has(digest),
      )
    }
  }
  if (verifier === undefined) throw new ExportError('the file is empty')
  return verifier.end()
}

const bytes = (text: string, encoding: 'utf8' | 'hex' = 'utf8'): Uint8Array => Buffer.from(text, encoding)
