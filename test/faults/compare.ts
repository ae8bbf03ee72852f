import { until } from '../../app/sandbox/until.ts'
import type { Replica } from './replica.ts'
import { leap } from './settle.ts'
import type { Stage } from './stage.ts'

/** What one comparison may take, by the stopwatch: one that hangs ends after two minutes. */
const limitMs = 150_000
/** By everybody's clock. */
const betweenMs = 30_000

/** Waits until no comparison is under way, nor a look at a grant. */
export const idle = ({ world }: Stage, replica: Replica): Promise<unknown> =>
  until(
    'the comparisons to end',
    async () => {
      await replica.ready()
      const busy = await world.query(
        `select from pgboss.job where name in ('cloud', 'grant') and state in ('created', 'retry', 'active')`,
      )
      return busy.length === 0
    },
    limitMs,
  )

/** Has these clouds compared on demand, and again half a minute later, until `done`; not after `last` (epoch ms). */
export const compareUntil = async (
  stage: Stage,
  replica: Replica,
  providers: readonly string[],
  done: () => Promise<boolean>,
  last: number,
): Promise<void> => {
  const { world, queue } = stage
  while (!(await done())) {
    await replica.ready()
    const now = world.clock.now()
    await world.query('update clouds set look_at = to_timestamp($1) where provider = any($2)', [
      now / 1000,
      providers,
    ])
    await queue.wake(providers.map((key) => ({ queue: 'cloud', key })))
    await idle(stage, replica)
    if (await done()) return
    if (now + betweenMs > last) return
    await leap(stage, betweenMs)
  }
}
