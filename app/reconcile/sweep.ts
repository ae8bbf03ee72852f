import { overlooked } from './overlooked.ts'
import type { Clock } from './ports/clock.ts'
import type { Ledger } from './ports/ledger.ts'
import type { Log } from './ports/log.ts'
import type { Queue } from './ports/queue.ts'
import type { Store } from './ports/store.ts'

/** One pass wakes at most so many; the rest comes with the next. */
const most = 20_000

/** @returns the net under everything else: wakes whatever is due, missed, or in revocation debt; says how many */
export const createSweep = (deps: {
  readonly store: Pick<Store, 'due' | 'grantTimers'>
  readonly ledger: Pick<Ledger, 'standing' | 'keep'>
  readonly queue: Pick<Queue, 'wake'>
  readonly clock: Clock
  readonly log: Log
}) => {
  let from = 0
  return async (): Promise<number> => {
    const due = await deps.store.due(deps.clock.now(), most)
    const missed = await overlooked(deps, from)
    from = missed.next
    const wake = [...due.map(({ lookAt: _, ...wakeUp }) => wakeUp), ...missed.wake]
    if (wake.length > 0) await deps.queue.wake(wake)
    await deps.ledger.keep()
    return wake.length
  }
}
