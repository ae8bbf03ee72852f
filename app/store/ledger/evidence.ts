import { sql } from 'slonik'
import { z } from 'zod'
import type { Database } from '../database.ts'
import { atMost, longest } from '../longest.ts'

const row = z.object({ bytes: z.custom<Uint8Array>((value) => value instanceof Uint8Array) })

/** The stored bytes of one evaluation's input; undefined where there are none of that digest. */
export const evidenceBytes = async (database: Database, digest: string): Promise<Uint8Array | undefined> =>
  (
    await database.run.maybeOne(
      sql.type(row)`select ${atMost(longest.evidence, 'bytes')} from evidence where digest = ${digest}`,
    )
  )?.bytes
