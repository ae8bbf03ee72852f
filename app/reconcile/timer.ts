import type { Clock } from './ports/clock.ts'
import type { Log } from './ports/log.ts'
import type { Queue } from './ports/queue.ts'
import type { Store } from './ports/store.ts'

/** The longest sleep: somebody may have saved an earlier `lookAt` meanwhile. */
const longestMs = 500
const shortestMs = 20
/** How far a `lookAt` may lie behind by the time its row is committed; older ones are the sweeper's. */
const overlapMs = 5000
const most = 20_000

/**
 * Each replica's timer: sleeps until the smallest `lookAt`, then wakes what is due, each row once per `lookAt`.
 * Two replicas waking the same row coalesce in the queue.
 * @returns resolves once `signal` aborts. A failed pass is logged and tried again.
 */
export const runTimer = async (
  deps: {
    readonly store: Pick<Store, 'due' | 'nextLookAt'>
    readonly queue: Pick<Queue, 'wake'>
    readonly clock: Clock
    readonly log: Log
    /** Resolves after `ms`, or sooner when the signal aborts. */
    readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  },
  signal: AbortSignal,
): Promise<void> => {
  const woken = new Map<string, number>()
  while (!signal.aborted) {
    try {
      await deps.sleep(await pass(deps, woken), signal)
    } catch (error) {
      deps.log.error('timer pass failed', { error })
      await deps.sleep(longestMs, signal)
    }
  }
}

/** Wakes what is due and not woken yet. @returns how long to sleep */
const pass = async (deps: Parameters<typeof runTimer>[0], woken: Map<string, number>): Promise<number> => {
  const now = deps.clock.now()
  const due = await deps.store.due(now, most, now - overlapMs)
  const fresh = due.filter(({ queue, key, lookAt }) => !woken.has(`${queue} ${key} ${lookAt}`))
  if (fresh.length > 0) await deps.queue.wake(fresh.map(({ lookAt: _, ...wakeUp }) => wakeUp))
  for (const { queue, key, lookAt } of fresh) {
    // Without its moment a row cannot be told from its next one: it is woken at every pass.
    if (lookAt !== undefined) woken.set(`${queue} ${key} ${lookAt}`, lookAt)
  }
  for (const [key, at] of woken) if (at < now - 2 * overlapMs) woken.delete(key)
  const next = (await deps.store.nextLookAt(now)) ?? now + longestMs
  return Math.min(longestMs, Math.max(shortestMs, next - deps.clock.now()))
}
