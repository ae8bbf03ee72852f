import type { WakeUp } from '../../../app/reconcile/ports/queue.ts'
import { accessStore } from '../memory/access-store.ts'
import { memoryTransactions } from '../memory/transaction.ts'
import { describeStore } from './store.ts'

describeStore('in memory', async () => {
  const woken: WakeUp[] = []
  const store = accessStore(memoryTransactions(), async (wake) => void woken.push(...wake))
  return { store, woken, close: async () => undefined }
})
