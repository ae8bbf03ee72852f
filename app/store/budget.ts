import { sql } from 'slonik'
import { z } from 'zod'
import type { Store } from '../reconcile/ports/store.ts'
import type { Database } from './database.ts'

type Budget = Pick<Store, 'takeBudget' | 'holdBudget'>

/**
 * Writes that GitHub takes from one installation.
 * https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
 */
export type Limits = { readonly perMinute: number; readonly perHour: number }
export const gitHubLimits: Limits = { perMinute: 80, perHour: 500 }

const minute = 60_000
const hour = 3_600_000
/** GitHub's limits start anew each hour: whoever would hold us for longer is somebody's hand, or a clock since set back. */
const mostHeld = 2 * hour

/**
 * The writes of the last hour are kept, not a level: a bucket that refills while it is emptied lets nearly
 * twice its size through in one minute, and GitHub counts every minute there is.
 */
export function budget(database: Database, limits: Limits): Budget {
  /** Of the last hour; what lies further ahead than it is no write's. */
  const lately = (now: number) => sql.fragment`time > ${now - hour} and time <= ${now + hour}`

  /** One statement, because each write of gitsudo's waits for it; whether it fits is asked of the row as it then is. */
  const take = (installation: number, cost: number, now: number) =>
    database.run.maybeOne(sql.type(z.object({ installation: z.number() }))`
      insert into github_budget as budget (installation, spent)
      values (${installation}, array_fill(${now}::int8, array[${cost}::int]))
      on conflict (installation) do update set
        spent = array(select time from unnest(budget.spent) time where ${lately(now)}) || excluded.spent
      where (budget.held_until <= ${now} or budget.held_until > ${now + mostHeld})
        and (select count(*) from unnest(budget.spent) time where ${lately(now)}) <= ${limits.perHour - cost}
        and (select count(*) from unnest(budget.spent) time where ${lately(now)} and time > ${now - minute}) <= ${limits.perMinute - cost}
      returning installation`)

  return {
    async takeBudget(installation, cost, now) {
      if (cost > Math.min(limits.perMinute, limits.perHour))
        throw new RangeError(`${cost} writes at once can never fit into the budget`)
      for (;;) {
        if ((await take(installation, cost, now)) !== null) return { ok: true }
        const { spent, heldUntil } = await database.run.one(sql.type(
          z.object({ spent: z.array(z.number()), heldUntil: z.number() }),
        )`
          select spent, held_until from github_budget where installation = ${installation}`)
        const counted = spent.filter((time) => time <= now + hour)
        const retryAt = Math.max(
          heldUntil > now + mostHeld ? 0 : heldUntil,
          freeAt(counted, cost, limits.perHour, hour),
          freeAt(counted, cost, limits.perMinute, minute),
        )
        // In between it may have been given back.
        if (retryAt > now) return { ok: false, retryAt }
      }
    },

    holdBudget: async (installation, until) => {
      await database.run.query(sql.unsafe`
        insert into github_budget (installation, held_until) values (${installation}, ${until})
        on conflict (installation) do update set held_until = case
          when github_budget.held_until > ${until + mostHeld} then excluded.held_until
          else greatest(github_budget.held_until, excluded.held_until) end`)
    },
  }
}

/** When `cost` more fit into `limit` per `span`: after the oldest writes that must leave it have left. */
function freeAt(spent: readonly number[], cost: number, limit: number, span: number): number {
  const last = spent.toSorted((a, b) => a - b)[spent.length + cost - limit - 1]
  return last === undefined ? 0 : last + span
}
