import type { Clock } from './ports/clock.ts'
import type { Queue } from './ports/queue.ts'
import type { Store } from './ports/store.ts'

/** One pass wakes at most so many; the rest comes with the next. */
const most = 20_000

/** @returns the net under everything else: wakes whatever is due, missed, or in revocation debt; says how many */
export const createSweep =
  (deps: {
    readonly store: Pick<Store, 'due'>
    readonly queue: Pick<Queue, 'wake'>
    readonly clock: Clock
  }) =>
  async (): Promise<number> => {
    const due = await deps.store.due(deps.clock.now(), most)
    if (due.length > 0) await deps.queue.wake(due.map(({ queue, key }) => ({ queue, key })))
    return due.length
  }
