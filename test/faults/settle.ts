import type { WakeUp } from '../../app/reconcile/ports/queue.ts'
import { until } from '../../app/sandbox/until.ts'
import type { Replica } from './replica.ts'
import type { Stage } from './stage.ts'

/** `look`: when the next look is due, in epoch milliseconds; `tries`: fruitless ones in a row. */
export type Row = {
  readonly id: string
  readonly state: string
  readonly look: string | null
  readonly tries: number
}

/** What one wait may take, by the stopwatch. */
const limitMs = 600_000
/** So far behind the clock goes on: what is due within it is due together. */
const pastMs = 60_000

export const isOver = (state: string): boolean => ['ended', 'failed', 'refused'].includes(state)

/**
 * Moves everybody's clock, and wakes what is due then: what is due by more than seconds is the sweeper's, who comes by the
 * stopwatch.
 */
export const leap = async ({ world, queue }: Pick<Stage, 'world' | 'queue'>, ms: number): Promise<void> => {
  await world.advance(ms)
  const due = await world.query<WakeUp>(
    `select 'grant' as queue, id as key from grants where look_at <= to_timestamp($1)
     union all select 'cloud', provider from clouds where look_at <= to_timestamp($1)`,
    [world.clock.now() / 1000],
  )
  await queue.wake(due)
}

/**
 * Waits until every grant is `done`. While the service has nothing to do, everybody's clock goes on to where it has: no
 * time is spent on back-offs.
 */
export const settle = async (
  stage: Pick<Stage, 'world' | 'queue'>,
  replica: Replica,
  ids: readonly string[],
  done: (row: Row) => boolean,
): Promise<readonly Row[]> => {
  const { world } = stage
  let rows: readonly Row[] = []
  const settled = async () => {
    await replica.ready()
    // A cloud that keeps a comparison waiting, for two minutes at most, keeps nobody else.
    const found = await world.query<Row & { readonly busy: boolean }>(
      `select id, state, extract(epoch from look_at) * 1000 as look, tries, exists (
         select from pgboss.job where name = 'grant' and state in ('created', 'retry', 'active')) as busy
       from grants where id = any($1)`,
      [ids],
    )
    rows = found
    const left = found.filter((row) => !done(row))
    if (rows.length === ids.length && left.length === 0) return true
    const looks = left.flatMap(({ look }) => (look === null ? [] : [Number(look)]))
    const [next, last] = [Math.min(...looks), Math.max(...looks)]
    const now = world.clock.now()
    if (left.some(({ busy }) => busy) || looks.length === 0 || next <= now) return false
    await leap(stage, Math.min(last, next + pastMs) + 1 - now)
    return false
  }
  await until(`${ids.length} grants`, settled, limitMs).catch((error: unknown) => {
    const left = rows.filter((row) => !done(row))
    throw new Error(`${ids.length - rows.length} not there, left: ${JSON.stringify(left)}`, {
      cause: error,
    })
  })
  return rows
}
