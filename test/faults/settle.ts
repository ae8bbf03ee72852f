import { until } from '../../app/sandbox/until.ts'
import type { TestWorld } from '../support/world.ts'
import type { Replica } from './replica.ts'

export type Row = { readonly id: string; readonly state: string; readonly look: string | null }

/** What one wait may take, by the stopwatch. */
const limitMs = 600_000
/** A look that is due by more is left to the sweeper, who comes by the stopwatch. */
const pastMs = 2_000

export const over = ['ended', 'failed', 'refused']

/**
 * Waits until every grant is in one of `states`. While the service has nothing to do, everybody's clock goes on to where
 * it has: no time is spent on back-offs.
 */
export const settle = async (
  world: TestWorld,
  replica: Replica,
  ids: readonly string[],
  states: readonly string[],
): Promise<readonly Row[]> => {
  let rows: readonly Row[] = []
  const settled = async () => {
    await replica.ready()
    // First what is queued: what is done meanwhile shows in the rows.
    const busy = await isBusy(world)
    rows = await world.query<Row>(
      'select id, state, extract(epoch from look_at) * 1000 as look from grants where id = any($1)',
      [ids],
    )
    const left = rows.filter(({ state }) => !states.includes(state))
    if (rows.length === ids.length && left.length === 0) return true
    const next = Math.min(...left.map(({ look }) => Number(look ?? Infinity)))
    const wait = next - world.clock.now()
    if (!busy && wait > 0 && Number.isFinite(wait)) await world.advance(wait + pastMs)
    return false
  }
  await until(`${ids.length} grants to be ${states.join(' or ')}`, settled, limitMs).catch(
    (error: unknown) => {
      const left = rows.filter(({ state }) => !states.includes(state))
      throw new Error(`${ids.length - rows.length} not there, left: ${JSON.stringify(left)}`, {
        cause: error,
      })
    },
  )
  return rows
}

const isBusy = async (world: TestWorld): Promise<boolean> => {
  const [row] = await world.query<{ busy: boolean }>(
    `select exists (select from pgboss.job where name in ('grant', 'cloud')
       and state in ('created', 'retry', 'active')) as busy`,
  )
  return row?.busy === true
}
