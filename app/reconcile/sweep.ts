import { overlooked } from './overlooked.ts'
import type { Clock } from './ports/clock.ts'
import type { Ledger } from './ports/ledger.ts'
import type { Log } from './ports/log.ts'
import type { Queue, WakeUp } from './ports/queue.ts'
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
    // One row that cannot be read keeps neither from the other.
    const [due, missed] = await Promise.allSettled([
      deps.store.due(deps.clock.now(), most),
      overlooked(deps, from),
    ])
    const wake: WakeUp[] = []
    if (due.status === 'fulfilled') wake.push(...due.value.map(({ lookAt: _, ...wakeUp }) => wakeUp))
    if (missed.status === 'fulfilled') {
      from = missed.value.next
      wake.push(...missed.value.wake)
    }
    if (wake.length > 0) await deps.queue.wake(wake)
    await deps.ledger.keep()
    const failed = [due, missed].flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    if (failed.length > 1)
      throw new AggregateError(failed, 'Neither what is due nor what was missed could be read.')
    if (failed.length > 0) throw failed[0]
    return wake.length
  }
}
