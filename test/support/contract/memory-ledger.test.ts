import { memoryKeys } from '../memory/keys.ts'
import { memoryLedger } from '../memory/ledger.ts'
import { memoryTransactions } from '../memory/transaction.ts'
import { describeLedger } from './ledger.ts'

describeLedger('in memory', async () => {
  const transactions = memoryTransactions()
  const keys = memoryKeys()
  const ledger = memoryLedger(transactions, keys)
  return { ledger, keys, transaction: (work) => transactions.run(work), close: async () => undefined }
})
