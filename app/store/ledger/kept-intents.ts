import { sql } from 'slonik'
import { z } from 'zod'
import type { Intent } from '../../grant/intent.ts'
import type { Open } from '../../grant/standing.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import type { Log } from '../../reconcile/ports/log.ts'
import type { Tx } from '../../reconcile/ports/store.ts'
import { connectionOf, type Database } from '../database.ts'
import { inPages } from './pages.ts'

const row = z.object({ seq: z.number(), intent: z.string(), macKey: z.string(), mac: z.string() })
const place = z.object({ seq: z.number() })

/**
 * What open intents say, beside the ledger, each under a MAC: whoever deletes an intent must not keep its access from being
 * taken away. One is written once, and goes when its grant is over.
 */
export const keptIntents = (database: Pick<Database, 'run'>, keys: Keys, log: Pick<Log, 'alert'>) => ({
  /** Those of these places in the ledger that are ours; what was put in the place of one is told of. */
  async of(seqs: readonly number[]): Promise<ReadonlyMap<number, Intent>> {
    const found = new Map<number, Intent>()
    for (const some of inPages(seqs)) {
      const rows = await database.run.any(sql.type(row)`
        select seq, intent, mac_key, mac from kept_intents where seq = any(${sql.array(some, 'int8')})`)
      for (const { seq, intent, macKey: key, mac: value } of rows)
        if (keys.macHolds('intent', { seq, intent }, { key, value }))
          found.set(seq, JSON.parse(intent) as Intent)
        else log.alert('ledger.standing_forged', { seq })
    }
    return found
  },

  /**
   * Keeps those of `open`, under the current key, and no other up to `seq`: another replica may have read on behind it.
   */
  async keep(tx: Tx, open: Iterable<Open>, seq: number): Promise<void> {
    const connection = connectionOf(tx)
    const bySeq = new Map([...open].map(({ seq, intent }) => [seq, intent]))
    const wanted = sql.fragment`unnest(${sql.array([...bySeq.keys()], 'int8')}) as open (seq)`
    await connection.query(sql.unsafe`
      delete from kept_intents as kept
      where seq <= ${seq} and not exists (select from ${wanted} where open.seq = kept.seq)`)
    const { key } = keys.mac('intent', {})
    const missing = await connection.any(sql.type(place)`
      select seq from ${wanted} where not exists (
        select from kept_intents as kept where kept.seq = open.seq and kept.mac_key = ${key})`)
    for (const some of inPages(missing)) {
      const rows = some.map(({ seq }) => {
        const intent = JSON.stringify(bySeq.get(seq))
        const mac = keys.mac('intent', { seq, intent })
        return [seq, intent, mac.key, mac.value]
      })
      await connection.query(sql.unsafe`
        insert into kept_intents (seq, intent, mac_key, mac)
        select * from ${sql.unnest(rows, ['int8', 'text', 'text', 'text'])}
        on conflict (seq) do update set intent = excluded.intent, mac_key = excluded.mac_key, mac = excluded.mac`)
    }
  },
})
