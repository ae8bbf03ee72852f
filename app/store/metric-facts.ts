import { sql } from 'slonik'
import { z } from 'zod'
import type { GrantState } from '../grant/state.ts'
import { grantStates } from '../grant/state.ts'
import type { Database } from './database.ts'

const count = z.object({ state: z.enum(grantStates), count: z.number() })
const debt = z.object({ count: z.number(), oldest: z.number().exactOptional() })

/** What is counted at the moment of a scrape, the same on every replica. Times in epoch ms. */
export const metricFacts = async (
  { run }: Database,
  clock: { now(): number },
): Promise<{
  readonly grants: Readonly<Partial<Record<GrantState, number>>>
  readonly revocationDebt: { readonly count: number; readonly oldestEnd?: number }
  readonly ledgerLag: { readonly count: number; readonly oldest?: number }
  readonly unanchoredSince?: number
}> => {
  const now = new Date(clock.now()).toISOString()
  const states = await run.any(
    sql.type(count)`select state, count(*)::int8 as count from grants group by state`,
  )
  const owed = await run.one(sql.type(debt)`
    select count(*)::int8 as count, min(ends_at) as oldest from grants
    where state in ('active', 'revoking', 'quarantined') and ends_at <= ${now}::timestamptz or state = 'revoking'`)
  const staged = await run.one(sql.type(z.object({ count: z.number() }))`
    select count(*)::int8 as count from ledger_staged where not refused`)
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
    ledgerLag: { count: staged.count },
  }
}
