import { sql } from 'slonik'
import { z } from 'zod'
import type { Keys } from '../reconcile/ports/keys.ts'
import type { Store } from '../reconcile/ports/store.ts'
import { connectionOf, type Database } from './database.ts'

type Policies = Pick<Store, 'disabledPolicies' | 'recordPolicies'>

const disabled = z.object({
  name: z.string(),
  overrideUntil: z.number().exactOptional(),
  overrideBy: z.array(z.number()).exactOptional(),
  overrideMacKey: z.string().exactOptional(),
  overrideMac: z.string().exactOptional(),
})
type Disabled = z.infer<typeof disabled>

export function policies(database: Database, keys: Keys): Policies {
  /** An override counts until its end, and only under a MAC of ours (trust.md 5.3, 5.4). */
  function inForce(repository: number, row: Disabled, now: number): boolean {
    const { name, overrideUntil: until, overrideBy: by, overrideMacKey: key, overrideMac: value } = row
    if (until === undefined || by === undefined || key === undefined || value === undefined) return false
    return now < until && keys.macHolds('override', { repository, name, until, by }, { key, value })
  }

  return {
    disabledPolicies: async (now, repository) => {
      const rows = await database.run.any(sql.type(disabled)`
        select name, override_until, override_by, override_mac_key, override_mac from policies
        where repository = ${repository} and not enabled order by name`)
      const names = (wanted: boolean) =>
        rows.filter((row) => inForce(repository, row, now) === wanted).map(({ name }) => name)
      return { byHand: names(false), overridden: names(true) }
    },

    // An `enabled` that somebody set stays as it is.
    recordPolicies: async (tx, repository, listed) => {
      const connection = connectionOf(tx)
      const tuples = listed.map(({ name, type }) => [repository, name, type])
      await connection.query(sql.unsafe`
        insert into policies (repository, name, type)
        select * from ${sql.unnest(tuples, ['int8', 'text', 'text'])} as listed (repository, name, type)
        on conflict (repository, name) do update set type = excluded.type where policies.type <> excluded.type`)
      await connection.query(sql.unsafe`
        delete from policies
        where repository = ${repository}
          and name <> all(${sql.array(
            listed.map(({ name }) => name),
            'text',
          )})`)
    },
  }
}
