import { sql } from 'slonik'
import { z } from 'zod'
import type { Store } from '../reconcile/ports/store.ts'
import { at, type Database } from './database.ts'

const row = z.object({ since: z.number().catch(0), told: z.boolean() })

export function troubles({
  run,
}: Pick<Database, 'run'>): Pick<Store, 'troubled' | 'troubleTold' | 'untroubled'> {
  return {
    troubled: (what, now) =>
      run.one(sql.type(row)`
        insert into troubles (what, since) values (${what}, ${at(now)})
        on conflict (what) do update set since = troubles.since
        returning since, told`),
    troubleTold: async (what) => {
      await run.query(sql.unsafe`update troubles set told = true where what = ${what}`)
    },
    untroubled: async (what) => {
      await run.query(sql.unsafe`delete from troubles where what = ${what}`)
    },
  }
}
