import { sql } from 'slonik'
import { z } from 'zod'
import type { Keys } from '../reconcile/ports/keys.ts'
import type { Store } from '../reconcile/ports/store.ts'
import { at, connectionOf, type Database } from './database.ts'

type Policies = Pick<Store, 'disabledPolicies' | 'startOverride' | 'endOverride' | 'recordPolicies'>

const disabled = z.object({
  name: z.string(),
  overrideUntil: z.number().exactOptional(),
  overrideBy: z.array(z.number()).exactOptional(),
  overrideMacKey: z.string().exactOptional(),
  overrideMac: z.string().exactOptional(),
})
type Disabled = z.infer<typeof disabled>

export function policies(database: Database, keys: Keys): Policies {
  /** An override counts only under a MAC of ours, and until its end (trust.md 5.3, 5.4). */
  function kindOf(
    repository: number,
    row: Disabled,
    now: number,
  ): 'hand' | 'forged' | 'override' | 'expired' {
    const { name, overrideUntil: until, overrideBy: by, overrideMacKey: key, overrideMac: value } = row
    if (until === undefined && by === undefined && key === undefined && value === undefined) return 'hand'
    if (until === undefined || by === undefined || key === undefined || value === undefined) return 'forged'
    if (!keys.macHolds('override', { repository, name, until, by }, { key, value })) return 'forged'
    return now < until ? 'override' : 'expired'
  }

  return {
    disabledPolicies: async (now, repository) => {
      const rows = await database.readable(
        sql.type(disabled)`
          select name, override_until, override_by, override_mac_key, override_mac from policies
          where repository = ${repository} and not enabled order by name`,
        // So that its MAC cannot hold.
        { overrideUntil: 0, overrideBy: [] },
      )
      const kinds = rows.map((row) => ({ name: row.name, kind: kindOf(repository, row, now) }))
      const names = (...wanted: readonly string[]) =>
        kinds.filter(({ kind }) => wanted.includes(kind)).map(({ name }) => name)
      return {
        byHand: names('hand', 'forged'),
        overridden: names('override'),
        expired: names('expired'),
        forged: names('forged'),
      }
    },

    startOverride: async (tx, { repository, policy: name, until, by }) => {
      const mac = keys.mac('override', { repository, name, until, by })
      const { rowCount } = await connectionOf(tx).query(sql.unsafe`
        update policies set
          enabled = false, override_until = ${at(until)}, override_by = ${sql.array([...by], 'int8')},
          override_mac_key = ${mac.key}, override_mac = ${mac.value}
        where repository = ${repository} and name = ${name}`)
      return rowCount === 1
    },

    endOverride: async (tx, repository, policy) => {
      const { rowCount } = await connectionOf(tx).query(sql.unsafe`
        update policies set
          enabled = true, override_until = null, override_by = null, override_mac_key = null, override_mac = null
        where repository = ${repository} and name = ${policy}`)
      return rowCount === 1
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
