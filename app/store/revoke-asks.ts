import { sql } from 'slonik'
import { z } from 'zod'
import type { Store } from '../reconcile/ports/store.ts'
import { at, connectionOf, type Database } from './database.ts'

type RevokeAsks = Pick<Store, 'askRevoke' | 'revokeAsked'>

const row = z
  .object({
    grantId: z.string(),
    byKind: z.enum(['user', 'system']),
    byId: z.string(),
    byLogin: z.string().exactOptional(),
    why: z.string(),
    askedAt: z.number(),
  })
  .transform(({ grantId: grant, byKind: kind, byId: id, byLogin: login, why, askedAt }) => ({
    grant,
    by: login === undefined ? { kind, id } : { kind, id, login },
    why,
    askedAt,
  }))

/** The first to ask stays on record. */
export function revokeAsks(database: Database): RevokeAsks {
  return {
    askRevoke: async (tx, { grant, by, why, askedAt }) => {
      await connectionOf(tx).query(sql.unsafe`
        insert into revoke_asks (grant_id, by_kind, by_id, by_login, why, asked_at)
        values (${grant}, ${by.kind}, ${by.id}, ${by.login ?? null}, ${why}, ${at(askedAt)})
        on conflict (grant_id) do nothing`)
    },
    revokeAsked: async (grant) =>
      (await database.run.maybeOne(sql.type(row)`select * from revoke_asks where grant_id = ${grant}`)) ??
      undefined,
  }
}
