import { sql } from 'slonik'
import { z } from 'zod'
import type { Database } from '../database.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const eventRow = z.object({ seq: z.number(), body: bytes, leaf: bytes, chain: bytes })
const evidenceRow = z.object({ digest: z.string(), bytes })
const pageSize = 1_000

/**
 * The ledger as JSON Lines, without line ends: a header, every event, every piece of evidence. `body` and
 * `bytes` are strings that hold exactly the bytes that are hashed.
 */
export async function* exportLedger(database: Database, origin: string): AsyncIterable<string> {
  yield JSON.stringify({ format: 'gitsudo ledger export v1', origin })
  for (let after = 0; ; ) {
    const rows = await database.run.any(sql.type(eventRow)`
      select seq, body, leaf, chain from audit_events where seq > ${after} order by seq limit ${pageSize}`)
    for (const { seq, body, leaf, chain } of rows) {
      yield JSON.stringify({ seq, body: utf8(body), leaf: hex(leaf), chain: hex(chain) })
      after = seq
    }
    if (rows.length < pageSize) break
  }
  for (let after = ''; ; ) {
    const rows = await database.run.any(sql.type(evidenceRow)`
      select digest, bytes from evidence where digest > ${after} order by digest limit ${pageSize}`)
    for (const { digest, bytes } of rows) {
      yield JSON.stringify({ evidence: digest, bytes: utf8(bytes) })
      after = digest
    }
    if (rows.length < pageSize) break
  }
}

/** RFC 8785 is UTF-8; bytes that are not were altered, and show as such when they are hashed. */
function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
