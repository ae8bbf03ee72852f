import { setTimeout as pause } from 'node:timers/promises'
import type { Replica } from './replica.ts'
import { leap } from './settle.ts'
import type { Stage } from './stage.ts'

/** What one comparison is waited for, by the stopwatch: one that hangs ends after two minutes, and keeps nobody. */
const limitMs = 15_000
/** By everybody's clock. */
const betweenMs = 30_000

/** Waits until no comparison is under way, nor a look at a grant; not for one that hangs. @returns whether none is */
export const idle = async ({ world }: Stage, replica: Replica): Promise<boolean> => {
  const end = performance.now() + limitMs
  while (performance.now() < end) {
    await replica.ready()
    const busy = await world.query(
      `select from pgboss.job where name in ('cloud', 'grant') and state in ('created', 'retry', 'active')`,
    )
    if (busy.length === 0) return true
    await pause(100)
  }
  return false
}

/** Has these clouds compared on demand, and again half a minute later, until `done`; not after `last` (epoch ms), nor once `patience` of them hung. */
export const compareUntil = async (
  stage: Stage,
  replica: Replica,
  providers: readonly string[],
  done: () => Promise<boolean>,
  last: number,
  patience: number,
): Promise<void> => {
  const { world, queue } = stage
  let hung = 0
  while (!(await done())) {
    await replica.ready()
    const now = world.clock.now()
    await world.query('update clouds set look_at = to_timestamp($1) where provider = any($2)', [
      now / 1000,
      providers,
    ])
    await queue.wake(providers.map((key) => ({ queue: 'cloud', key })))
    if (!(await idle(stage, replica))) hung++
    if (hung >= patience || (await done())) return
    if (now + betweenMs > last) return
    await leap(stage, betweenMs)
  }
}
