import { sql } from 'slonik'
import { z } from 'zod'
import type { Store } from '../reconcile/ports/store.ts'
import { connectionOf, type Database } from './database.ts'

type Budget = Pick<Store, 'takeBudget' | 'holdBudget'>

/**
 * Writes that GitHub takes from one installation.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
 */
export type Limits = { readonly perMinute: number; readonly perHour: number }
export const gitHubLimits: Limits = { perMinute: 80, perHour: 500 }

const minute = 60_000
const hour = 3_600_000

/**
 * The writes of the last hour are kept, not a level: a bucket that refills while it is emptied lets nearly
 * twice its size through in one minute, and GitHub counts every minute there is.
 */
export function budget(database: Database, limits: Limits): Budget {
  return {
    takeBudget: (installation, cost, now) =>
      database.transaction(async (tx) => {
        const connection = connectionOf(tx)
        await connection.query(sql.unsafe`
          insert into github_budget (installation) values (${installation}) on conflict do nothing`)
        const { spent, heldUntil } = await connection.one(sql.type(
          z.object({ spent: z.array(z.number()), heldUntil: z.number() }),
        )`
          select spent, held_until from github_budget where installation = ${installation} for update`)
        const recent = spent.filter((time) => time > now - hour)
        const retryAt = Math.max(
          heldUntil,
          freeAt(recent, cost, limits.perHour, hour),
          freeAt(recent, cost, limits.perMinute, minute),
        )
        if (retryAt > now) return { ok: false, retryAt }
        const after = [...recent, ...Array<number>(cost).fill(now)]
        await connection.query(sql.unsafe`
          update github_budget set spent = ${sql.array(after, 'int8')} where installation = ${installation}`)
        return { ok: true }
      }),

    holdBudget: async (installation, until) => {
      await database.run.query(sql.unsafe`
        insert into github_budget (installation, held_until) values (${installation}, ${until})
        on conflict (installation) do update set held_until = greatest(github_budget.held_until, excluded.held_until)`)
    },
  }
}

/** When `cost` more fit into `limit` per `span`: after the oldest writes that must leave it have left. */
function freeAt(spent: readonly number[], cost: number, limit: number, span: number): number {
  const leaving = spent.length + cost - limit
  if (leaving <= 0) return 0
  const last = [...spent].sort((a, b) => a - b)[leaving - 1]
  if (last === undefined) throw new RangeError(`${cost} writes at once can never fit into ${limit}`)
  return last + span
}
