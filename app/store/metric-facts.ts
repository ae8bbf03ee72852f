import { sql } from 'slonik'
import { z } from 'zod'
import { EventError, eventOf } from '../audit/body.ts'
import type { LedgerEvent } from '../audit/event.ts'
import { grantStates } from '../grant/state.ts'
import type { MetricFacts } from '../reconcile/ports/metric-facts.ts'
import { clouds } from './clouds.ts'
import type { Database } from './database.ts'
import { atMost, longest, valueAtMost } from './longest.ts'

const count = z.object({ state: z.enum(grantStates), count: z.number() })
const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const lag = z.object({
  count: z.number(),
  oldest: bytes.exactOptional(),
})

/** Of the facts, those that the database counts. */
export const metricFacts = async (database: Database): Promise<Omit<MetricFacts, 'revocationDebt'>> => {
  const { run } = database
  const states = await database.readable(
    sql.type(count)`select state, count(*)::int8 as count from grants group by state`,
  )
  const looked = await clouds(database).clouds()
  const staged = await run.one(sql.type(lag)`
    select
      (select count(*)::int8 from ledger_staged where not refused) as count,
      (select ${valueAtMost(longest.event, 'body')} from ledger_staged where not refused order by id limit 1) as oldest`)
  const first = staged.oldest && readable(staged.oldest)
  // The first condition is that of the index.
  const anchored = await run.maybeOne(sql.type(z.object({ body: bytes }))`
    select ${atMost(longest.event, 'body')} from audit_events
    where type in ('ledger.anchored', 'ledger.restored') and type = 'ledger.anchored' order by seq desc limit 1`)
  const size = anchored === null ? undefined : readable(anchored.body)?.data.size
  const [waiting] =
    typeof size === 'number'
      ? await run.any(sql.type(z.object({ at: z.number().catch(0) }))`
          select at from audit_events
          where seq > ${size} and type <> 'ledger.anchored' order by seq limit 1`)
      : []
  return {
    ...(waiting === undefined ? {} : { unanchoredSince: waiting.at }),
    grants: Object.fromEntries(states.map(({ state, count: many }) => [state, many])),
    clouds: looked,
    ledgerLag: { count: staged.count, ...(first === undefined ? {} : { oldest: Date.parse(first.at) }) },
  }
}

/** What is no event is for others to tell of, and must not keep the other figures away. */
const readable = (body: Uint8Array): LedgerEvent | undefined => {
  try {
    return eventOf(body)
  } catch (error) {
    if (error instanceof EventError) return undefined
    throw error
  }
}
