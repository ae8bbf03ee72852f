import { hash } from 'node:crypto'
import { sql } from 'slonik'
import { z } from 'zod'
import type { Mac } from '../../audit/mac.ts'
import type { Intent } from '../../grant/intent.ts'
import type { Open } from '../../grant/standing.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import type { Log } from '../../reconcile/ports/log.ts'
import type { Tx } from '../../reconcile/ports/store.ts'
import { connectionOf, type Database } from '../database.ts'
import { atMost, longest } from '../longest.ts'
import { inPages } from './pages.ts'

const row = z.object({ seq: z.number(), intent: z.string(), macKey: z.string(), mac: z.string() })
const place = z.object({ seq: z.number() })
const columns = sql.fragment`
  seq, ${atMost(longest.intent, 'intent')}, ${atMost(longest.mac, 'mac_key')}, ${atMost(longest.mac, 'mac')}`

/** What is due beside an intent, without its words: there may be tens of thousands. */
type Due = { readonly length: number; readonly digest: string; readonly mac: Mac }

/**
 * What open intents say, beside the ledger, each under a MAC: whoever deletes an intent must not keep its access from being
 * taken away. One is written once, and goes when its grant is over; what somebody put in its place, before or since, gives
 * way to it at the next look.
 */
export const keptIntents = (database: Pick<Database, 'run'>, keys: Keys, log: Pick<Log, 'alert'>) => {
  const known = new WeakMap<Intent, Due>()
  const dueOf = ({ seq, intent }: Open): Due => {
    const before = known.get(intent)
    if (before !== undefined) return before
    const text = JSON.stringify(intent)
    const mac = keys.mac('intent', { seq, intent: text })
    const due = { length: Buffer.byteLength(text), digest: hash('sha256', text), mac }
    known.set(intent, due)
    return due
  }
  const isOurs = ({ seq, intent, macKey: key, mac: value }: z.infer<typeof row>) =>
    keys.macHolds('intent', { seq, intent }, { key, value })
  const forged = (seq: number) => log.alert('ledger.standing_forged', { seq })

  return {
    /** Those of these places in the ledger that are ours; what was put in the place of one is told of. */
    async of(seqs: readonly number[]): Promise<ReadonlyMap<number, Intent>> {
      const found = new Map<number, Intent>()
      for (const some of inPages(seqs)) {
        const rows = await database.run.any(sql.type(row)`
          select ${columns} from kept_intents where seq = any(${sql.array(some, 'int8')})`)
        for (const one of rows)
          if (isOurs(one)) found.set(one.seq, JSON.parse(one.intent) as Intent)
          else forged(one.seq)
      }
      return found
    },

    /**
     * Keeps those of `open`, under the current key, and no other up to `seq`: another replica may have read on behind it.
     * Whatever is in the place of one of them gives way; what is not ours is told of.
     */
    async keep(tx: Tx, open: Iterable<Open>, seq: number): Promise<void> {
      const connection = connectionOf(tx)
      const bySeq = new Map([...open].map((one) => [one.seq, one]))
      await connection.query(sql.unsafe`
        delete from kept_intents as kept
        where seq <= ${seq} and not exists (
          select from unnest(${sql.array([...bySeq.keys()], 'int8')}) as open (seq) where open.seq = kept.seq)`)
      for (const page of inPages([...bySeq.values()])) {
        const wanted = page.map((one) => {
          const { length, digest, mac } = dueOf(one)
          return [one.seq, length, digest, mac.key, mac.value]
        })
        const others = await connection.any(sql.type(place)`
          select due.seq
          from ${sql.unnest(wanted, ['int8', 'int8', 'text', 'text', 'text'])}
            as due (seq, length, digest, mac_key, mac)
          where not exists (
            select from kept_intents as kept
            where kept.seq = due.seq and kept.mac_key = due.mac_key and kept.mac = due.mac
              and case when octet_length(kept.intent) = due.length
                then encode(sha256(convert_to(kept.intent, 'UTF8')), 'hex') = due.digest else false end)`)
        if (others.length === 0) continue
        const seqs = others.map((one) => one.seq)
        const there = await connection.any(sql.type(row)`
          select ${columns} from kept_intents where seq = any(${sql.array(seqs, 'int8')})`)
        for (const one of there) if (!isOurs(one)) forged(one.seq)
        const rows = seqs.flatMap((seq) => {
          const one = bySeq.get(seq)
          if (one === undefined) return []
          const { mac } = dueOf(one)
          return [[seq, JSON.stringify(one.intent), mac.key, mac.value]]
        })
        await connection.query(sql.unsafe`
          insert into kept_intents (seq, intent, mac_key, mac)
          select * from ${sql.unnest(rows, ['int8', 'text', 'text', 'text'])}
          on conflict (seq) do update set intent = excluded.intent, mac_key = excluded.mac_key, mac = excluded.mac`)
      }
    },
  }
}
