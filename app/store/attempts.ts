import { sql } from 'slonik'
import { z } from 'zod'
import type { Store } from '../reconcile/ports/store.ts'
import { at, type Database } from './database.ts'

type Attempts = Pick<Store, 'openAttempt' | 'closeAttempt' | 'attempts'>

const row = z.object({
  grant: z.string(),
  fence: z.number(),
  action: z.enum(['ensure', 'remove']),
  openedAt: z.number(),
  closedAt: z.number().exactOptional(),
})

export function attempts(database: Database): Attempts {
  const attemptsOf = database.shared(async (grants) => {
    const rows = await database.readable(sql.type(row)`
      select grant_id as "grant", fence, action, opened_at, closed_at from grant_attempts
      where grant_id = any(${sql.array([...grants], 'text')}) order by id`)
    return Map.groupBy(rows, ({ grant }) => grant)
  })
  return {
    openAttempt: async ({ grant, fence, action, openedAt, closedAt }) => {
      await database.run.query(sql.unsafe`
        insert into grant_attempts (grant_id, fence, action, opened_at, closed_at)
        values (${grant}, ${fence}, ${action}, ${at(openedAt)}, ${at(closedAt)})`)
    },

    // One answer closes one attempt. With two open under one fence (a crash, then another try) the older is
    // closed, so that what stays open, and is waited for, is the younger.
    closeAttempt: async (grant, fence, closedAt) => {
      await database.run.query(sql.unsafe`
        update grant_attempts set closed_at = ${at(closedAt)}
        where id = (
          select min(id) from grant_attempts where grant_id = ${grant} and fence = ${fence} and closed_at is null
        )`)
    },

    attempts: async (grant) => (await attemptsOf(grant)) ?? [],
  }
}
