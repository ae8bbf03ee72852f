import { hash } from 'node:crypto'
import { sql } from 'slonik'
import { z } from 'zod'
import type { Keys } from '../reconcile/ports/keys.ts'
import type { Queue, WakeUp } from '../reconcile/ports/queue.ts'
import type { Delivery, Store } from '../reconcile/ports/store.ts'
import { together } from '../reconcile/together.ts'
import { at, type Database, isMoment } from './database.ts'
import { atMost, longest } from './longest.ts'

type Deliveries = Pick<
  Store,
  | 'acceptDelivery'
  | 'hasDelivery'
  | 'deliveriesOfPull'
  | 'pushesTo'
  | 'mergeGroupAt'
  | 'mergeGroupsSince'
  | 'lastDeliveryAt'
>

type Accepting = { readonly delivery: Delivery; readonly wake: readonly WakeUp[] }

const row = z.object({
  guid: z.string(),
  event: z.string(),
  body: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  receivedAt: z.number(),
  repository: z.number().exactOptional(),
  pull: z.number().exactOptional(),
  ref: z.string().exactOptional(),
  macKey: z.string(),
  mac: z.string(),
})
const columns = sql.fragment`guid, event, body, received_at, repository, pull, ref, mac_key, mac`

const read = sql.fragment`
  guid, event, ${atMost(longest.delivery, 'body')}, received_at, repository, pull, ref,
  ${atMost(longest.mac, 'mac_key')}, ${atMost(longest.mac, 'mac')}`

export function deliveries(database: Database, queue: Pick<Queue, 'wake'>, keys: Keys): Deliveries {
  function sort(rows: readonly z.infer<typeof row>[]) {
    const valid: Delivery[] = []
    const forged: string[] = []
    for (const { macKey, mac, ...delivery } of rows) {
      if (keys.macHolds('delivery', vouched(delivery), { key: macKey, value: mac })) valid.push(delivery)
      else forged.push(delivery.guid)
    }
    return { valid, forged }
  }

  const about = async (
    repository: number,
    ref: string,
    event: string,
    since = 0,
    but: readonly string[] = [],
  ) =>
    sort(
      await database.readable(sql.type(row)`
        select ${read} from deliveries
        where repository = ${repository} and ref = ${ref} and event = ${event} and received_at > ${at(since)}
          and guid <> all(${sql.array([...but], 'text')})
        order by received_at, guid`),
    )

  const accept = together<Accepting, 'new' | 'known'>((all) =>
    database.transaction(async (tx) => {
      const values = all.map(({ delivery }) => {
        const mac = keys.mac('delivery', vouched(delivery))
        return sql.fragment`(
          ${delivery.guid}, ${delivery.event}, ${sql.binary(Buffer.from(delivery.body))},
          ${at(delivery.receivedAt)}, ${delivery.repository ?? null}::bigint, ${delivery.pull ?? null}::int,
          ${delivery.ref ?? null}, ${mac.key}, ${mac.value}
        )`
      })
      const rows = await database.run.any(sql.type(z.object({ guid: z.string() }))`
        insert into deliveries (${columns}) values ${sql.join(values, sql.fragment`, `)}
        on conflict (guid) do nothing
        returning guid`)
      const stored = new Set(rows.map(({ guid }) => guid))
      const fresh = all.map(({ delivery }) => stored.delete(delivery.guid))
      await queue.wake(
        all.flatMap(({ wake }, n) => (fresh[n] ? wake : [])),
        tx,
      )
      return fresh.map((one) => (one ? 'new' : 'known'))
    }),
  )

  return {
    acceptDelivery: (delivery, wake) => accept({ delivery, wake }),

    hasDelivery: (guid) => database.run.exists(sql.unsafe`select from deliveries where guid = ${guid}`),

    deliveriesOfPull: async (repository, pull, events) =>
      sort(
        await database.readable(sql.type(row)`
          select ${read} from deliveries
          where repository = ${repository} and pull = ${pull} and event = any(${sql.array([...events], 'text')})
          order by received_at, guid`),
      ),

    pushesTo: (repository, ref, since, but) => about(repository, ref, 'push', since, but),
    mergeGroupAt: (repository, ref) => about(repository, ref, 'merge_group'),
    mergeGroupsSince: async (repository, since) =>
      sort(
        await database.readable(sql.type(row)`
          select ${read} from deliveries
          where repository = ${repository} and event = 'merge_group' and received_at > ${at(since)}
          order by received_at, guid`),
      ),

    lastDeliveryAt: async () =>
      (
        await database.run.one(
          sql.type(
            z.object({ last: z.number().exactOptional() }),
          )`select max(received_at) filter (where ${isMoment('received_at')}) as last from deliveries`,
        )
      ).last,
  }
}

/** What the MAC covers: the body by its digest. */
function vouched({ body, ...rest }: Delivery): Readonly<Record<string, unknown>> {
  return { ...rest, body: hash('sha256', body) }
}
