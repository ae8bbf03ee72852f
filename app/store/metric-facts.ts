import { sql } from 'slonik'
import { z } from 'zod'
import { EventError, eventOf } from '../audit/body.ts'
import { grantStates } from '../grant/state.ts'
import type { MetricFacts } from '../reconcile/ports/metric-facts.ts'
import { clouds } from './clouds.ts'
import type { Database } from './database.ts'

const count = z.object({ state: z.enum(grantStates), count: z.number() })
const debt = z.object({ count: z.number(), oldest: z.number().exactOptional() })
const lag = z.object({
  count: z.number(),
  oldest: z.custom<Uint8Array>((value) => value instanceof Uint8Array).exactOptional(),
})

export const metricFacts = async ({ run }: Database, clock: { now(): number }): Promise<MetricFacts> => {
  const now = new Date(clock.now()).toISOString()
  const states = await run.any(
    sql.type(count)`select state, count(*)::int8 as count from grants group by state`,
  )
  const owed = await run.one(sql.type(debt)`
    select count(*)::int8 as count, min(ends_at) as oldest from grants
    where state in ('active', 'revoking', 'quarantined') and ends_at <= ${now}::timestamptz or state = 'revoking'`)
  const looked = await clouds({ run }).clouds()
  const staged = await run.one(sql.type(lag)`
    select
      (select count(*)::int8 from ledger_staged where not refused) as count,
      (select body from ledger_staged where not refused order by id limit 1) as oldest`)
  const oldest = staged.oldest === undefined ? undefined : timeOf(staged.oldest)
  // The first condition is that of the index.
  const waiting = await run.maybeOne(sql.type(z.object({ at: z.number() }))`
    with last as (
      select (convert_from(body, 'UTF8')::json -> 'data' ->> 'size')::bigint as size from audit_events
      where type in ('ledger.anchored', 'ledger.restored') and type = 'ledger.anchored' order by seq desc limit 1
    )
    select at from audit_events, last where seq > size and type <> 'ledger.anchored' order by seq limit 1`)
  return {
    ...(waiting === null ? {} : { unanchoredSince: waiting.at }),
    grants: Object.fromEntries(states.map(({ state, count: many }) => [state, many])),
    revocationDebt: { count: owed.count, ...(owed.oldest === undefined ? {} : { oldestEnd: owed.oldest }) },
    clouds: looked,
    ledgerLag: { count: staged.count, ...(oldest === undefined ? {} : { oldest }) },
  }
}

/** Of a staged event. One that is none is for the sealer to refuse, and must not keep the other figures away. */
const timeOf = (body: Uint8Array): number | undefined => {
  try {
    return Date.parse(eventOf(body).at)
  } catch (error) {
    if (error instanceof EventError) return undefined
    throw error
  }
}
