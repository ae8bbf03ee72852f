import { memoryQueue } from '../memory/queue.ts'
import { memoryTransactions } from '../memory/transaction.ts'
import { describeQueue } from './queue.ts'

describeQueue('in memory', async () => {
  const transactions = memoryTransactions()
  const { wake, take } = memoryQueue(transactions)
  return {
    wake,
    transaction: (work) => transactions.run(work),
    work: async (look) => {
      for (let taken = take(); taken.length > 0; taken = take()) for (const one of taken) await look(one)
    },
    close: async () => undefined,
  }
})
