import { sql } from 'slonik'
import { z } from 'zod'
import type { Keys } from '../reconcile/ports/keys.ts'
import type { OverrideAsk, Store } from '../reconcile/ports/store.ts'
import { at, connectionOf, type Database } from './database.ts'

type Asks = Pick<Store, 'overrideAsks' | 'putOverrideAsk' | 'dropOverrideAsks'>

const row = z
  .object({
    repository: z.number(),
    name: z.string(),
    byId: z.number(),
    byLogin: z.string(),
    seconds: z.number(),
    askedAt: z.number(),
    macKey: z.string(),
    mac: z.string(),
  })
  .transform(({ repository, name: policy, byId: id, byLogin: login, seconds, askedAt, macKey, mac }) => ({
    ask: { repository, policy, by: { id, login }, seconds, askedAt },
    mac: { key: macKey, value: mac },
  }))

const vouched = (ask: OverrideAsk): Readonly<Record<string, unknown>> => ({ ...ask })

export function overrideAsks(database: Database, keys: Keys): Asks {
  return {
    overrideAsks: async (repository, policy) => {
      const rows = await database.readable(sql.type(row)`
        select * from override_asks where repository = ${repository} and name = ${policy} order by asked_at`)
      const valid = rows.filter(({ ask, mac }) => keys.macHolds('override ask', vouched(ask), mac))
      return { valid: valid.map(({ ask }) => ask), forged: rows.length - valid.length }
    },
    putOverrideAsk: async (tx, ask) => {
      const mac = keys.mac('override ask', vouched(ask))
      await connectionOf(tx).query(sql.unsafe`
        insert into override_asks (repository, name, by_id, by_login, seconds, asked_at, mac_key, mac)
        values (
          ${ask.repository}, ${ask.policy}, ${ask.by.id}, ${ask.by.login}, ${ask.seconds}, ${at(ask.askedAt)},
          ${mac.key}, ${mac.value}
        )
        on conflict (repository, name, by_id) do update set
          by_login = excluded.by_login, seconds = excluded.seconds, asked_at = excluded.asked_at,
          mac_key = excluded.mac_key, mac = excluded.mac`)
    },
    dropOverrideAsks: async (tx, repository, policy) => {
      await connectionOf(tx).query(sql.unsafe`
        delete from override_asks where repository = ${repository} and name = ${policy}`)
    },
  }
}
