import { type FragmentSqlToken, sql } from 'slonik'
import { z } from 'zod'
import { queues } from '../reconcile/ports/queue.ts'
import type { Store } from '../reconcile/ports/store.ts'
import { at, type Database, isMoment } from './database.ts'

type Timers = Pick<Store, 'due' | 'nextLookAt'>

/** A key that the queue could not take would keep it from the others; none of ours is so long. */
const due = z.object({
  queue: z.enum(queues),
  key: z.string().max(200),
  lookAt: z.number().exactOptional(),
  urgent: z.number().exactOptional(),
  owed: z.boolean().exactOptional(),
})
const next = z.object({ next: z.number().exactOptional() })

/**
 * Timers are columns, not jobs: whatever has a `look_at`, with the queue that looks at it. The bound stands
 * in every branch, where each table's index serves it. `now`: what is past its end by then is urgent, and so is
 * what is revoked ahead of it, since that was asked.
 */
const timers = (bound: FragmentSqlToken, now?: number) => sql.fragment`(
  select look_at, 'grant' as queue, id as key, case when state in ('revoking', 'quarantined') or ends_at <= ${at(now)}
      then least(ends_at, ${at(now)}, (select asked_at from revoke_asks where grant_id = grants.id)) end as urgent,
      nullif(tries > 0, false) as owed
    from grants where ${bound}
  union all
  select look_at, 'pull-request', repository || ':' || pull, null, null from requests where ${bound}
  union all
  select look_at, 'pull-request', repository || ':' || pull, null, null from pulls where ${bound}
  union all
  select look_at, 'publish', repository || ':' || pull, null, null from projections where ${bound}
  union all
  select look_at, 'cloud', provider, null, null from clouds where ${bound}
) as timers`

/** Nothing of ours is looked at so late: whatever says so was written by a hand. */
const farMs = 400 * 24 * 3_600_000

const dueOrFar = (now: number) => sql.fragment`(look_at <= ${at(now)} or look_at > ${at(now + farMs)})`
const between = (after: number, upTo: number) =>
  sql.fragment`look_at > ${at(after)} and look_at <= ${at(upTo)}`

export function timerQueries(database: Database): Timers {
  return {
    due: (now, limit, after) =>
      database.readable(
        sql.type(due)`
          select queue, key, min(look_at) as look_at, min(urgent) as urgent, bool_or(owed) as owed
          from ${timers(after === undefined ? dueOrFar(now) : between(after, now), now)}
          group by queue, key
          order by 3
          limit ${limit}`,
        { urgent: 0, owed: true },
      ),
    nextLookAt: async (after) =>
      (
        await database.run.one(
          sql.type(
            next,
          )`select min(look_at) as next from ${timers(after === undefined ? isMoment('look_at') : between(after, after + farMs))}`,
        )
      ).next,
  }
}
