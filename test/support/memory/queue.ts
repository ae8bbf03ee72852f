import type { Queue, WakeUp } from '../../../app/reconcile/ports/queue.ts'
import type { MemoryTransactions } from './transaction.ts'

/** Keeps wake-ups, coalesced by key, until they are taken. */
export const memoryQueue = (
  transactions: MemoryTransactions,
): Pick<Queue, 'wake'> & { take(): readonly WakeUp[] } => {
  const waiting = new Map<string, WakeUp>()
  return {
    wake: async (wakeUps, tx) => {
      const put = () => {
        for (const wakeUp of wakeUps) waiting.set(`${wakeUp.queue} ${wakeUp.key}`, wakeUp)
      }
      if (tx === undefined) put()
      else transactions.onCommit(tx, put)
    },
    take: () => {
      const taken = [...waiting.values()]
      waiting.clear()
      return taken
    },
  }
}
