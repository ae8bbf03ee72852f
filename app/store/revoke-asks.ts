import { sql } from 'slonik'
import { z } from 'zod'
import type { Keys } from '../reconcile/ports/keys.ts'
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
    macKey: z.string().default(''),
    mac: z.string().default(''),
  })
  .transform(({ grantId: grant, byKind: kind, byId: id, byLogin: login, why, askedAt, macKey, mac }) => ({
    ask: { grant, by: login === undefined ? { kind, id } : { kind, id, login }, why, askedAt },
    mac: { key: macKey, value: mac },
  }))

/** The first to ask stays on record; a row that nobody vouches for gives way (trust.md 5.3). */
export function revokeAsks(database: Database, keys: Keys): RevokeAsks {
  const askOf = database.shared(async (grants) => {
    const rows = await database.readable(
      sql.type(row)`select * from revoke_asks where grant_id = any(${sql.array([...grants], 'text')})`,
      // So that its MAC cannot hold.
      { byKind: 'system', byId: '', why: '', askedAt: 0 },
    )
    return new Map(rows.map((found) => [found.ask.grant, found]))
  })
  const revokeAsked: RevokeAsks['revokeAsked'] = async (grant) => {
    const found = await askOf(grant)
    if (found === undefined) return undefined
    return keys.macHolds('revoke ask', found.ask, found.mac) ? found.ask : 'forged'
  }
  return {
    askRevoke: async (tx, ask) => {
      const known = await revokeAsked(ask.grant)
      if (known !== undefined && known !== 'forged') return
      const { grant, by, why, askedAt } = ask
      const mac = keys.mac('revoke ask', { grant, by, why, askedAt })
      await connectionOf(tx).query(sql.unsafe`
        insert into revoke_asks (grant_id, by_kind, by_id, by_login, why, asked_at, mac_key, mac)
        values (
          ${grant}, ${by.kind}, ${by.id}, ${by.login ?? null}, ${why}, ${at(askedAt)}, ${mac.key}, ${mac.value}
        )
        on conflict (grant_id) do update set
          by_kind = excluded.by_kind, by_id = excluded.by_id, by_login = excluded.by_login, why = excluded.why,
          asked_at = excluded.asked_at, mac_key = excluded.mac_key, mac = excluded.mac`)
    },
    revokeAsked,
  }
}
