import { sql } from 'slonik'
import { z } from 'zod'
import { queues } from '../reconcile/ports/queue.ts'
import type { Store } from '../reconcile/ports/store.ts'
import { at, type Database } from './database.ts'

type Timers = Pick<Store, 'due' | 'nextLookAt'>

const wakeUp = z.object({ queue: z.enum(queues), key: z.string() })

/** Timers are columns, not jobs: whatever has a `look_at`, with the queue that looks at it. */
const timers = sql.fragment`(
  select look_at, 'grant' as queue, id as key from grants where look_at is not null
  union all
  select look_at, 'pull-request', repository || ':' || pull from requests where look_at is not null
  union all
  select look_at, 'pull-request', repository || ':' || pull from pulls where look_at is not null
  union all
  select look_at, 'publish', repository || ':' || pull from projections where look_at is not null
) as timers`

export function timerQueries(database: Database): Timers {
  return {
    due: (now, limit) =>
      database.run.any(sql.type(wakeUp)`
        select queue, key from ${timers}
        where look_at <= ${at(now)}
        group by queue, key
        order by min(look_at)
        limit ${limit}`),
    nextLookAt: async () =>
      (
        await database.run.one(
          sql.type(
            z.object({ next: z.number().exactOptional() }),
          )`select min(look_at) as next from ${timers}`,
        )
      ).next,
  }
}
