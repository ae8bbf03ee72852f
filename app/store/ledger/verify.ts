import { hash } from 'node:crypto'
import { sql } from 'slonik'
import { z } from 'zod'
import { EventError, eventOf } from '../../audit/body.ts'
import { createVerifier, evidenceOf, type LedgerRow, type Verified } from '../../audit/verify.ts'
import { connectionOf, type Database } from '../database.ts'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const text = z.string().nullable().default(null)
// Numbers as text: one that was altered past what fits must be reported, not thrown.
const number = z.string().transform(Number).nullable().default(null)
const row = z
  .object({
    seq: z.string().transform(Number),
    body: bytes,
    leaf: bytes,
    chain: bytes,
    type: z.string(),
    at: z.string(),
    actorKind: z.string(),
    actorId: z.string(),
    actorLogin: text,
    requestId: text,
    grantId: text,
    repoId: number,
    pull: number,
    commit: text,
  })
  .transform(({ seq, body, leaf, chain, ...columns }): LedgerRow => ({ seq, body, leaf, chain, columns }))

const pageSize = 1_000 // as in the fetch below
const mark = Buffer.from('"evidence"')

/** Recomputes the whole chain in constant memory, over one snapshot (audit.md, Verify). */
export async function verifyLedger(database: Database, origin: string): Promise<Verified> {
  return database.transaction(async (tx) => {
    const connection = connectionOf(tx)
    const verifier = createVerifier(origin)
    // A cursor, and no paging by seq: that would step over a row whose seq was doubled.
    await connection.query(sql.unsafe`
      declare ledger no scroll cursor for
      select seq::text, body, leaf, chain, type,
        to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at,
        actor_kind, actor_id, actor_login, request_id, grant_id, repo_id::text, pull::text, commit
      from audit_events order by audit_events.seq`)
    for (;;) {
      const rows = await connection.any(sql.type(row)`fetch 1000 from ledger`)
      const known = await soundEvidence(connection, rows)
      for (const each of rows) verifier.push(each, (digest) => known.has(digest))
      if (rows.length < pageSize) return verifier.end()
    }
  })
}

/** Which of the evidence that these rows name is stored and hashes to its digest. */
async function soundEvidence(
  connection: ReturnType<typeof connectionOf>,
  rows: readonly LedgerRow[],
): Promise<ReadonlySet<string>> {
  const digests = new Set(
    rows.filter(({ body }) => Buffer.from(body).includes(mark)).flatMap(({ body }) => named(body)),
  )
  if (digests.size === 0) return digests
  const stored = await connection.any(sql.type(z.object({ digest: z.string(), bytes }))`
    select digest, bytes from evidence where digest = any(${sql.array([...digests], 'text')})`)
  return new Set(stored.filter((one) => hash('sha256', one.bytes) === one.digest).map(({ digest }) => digest))
}

function named(body: Uint8Array): readonly string[] {
  try {
    return evidenceOf(eventOf(body))
  } catch (error) {
    // The verifier reports bytes that are no event.
    if (error instanceof EventError) return []
    throw error
  }
}
