import { openDatabase } from '../../app/store/database.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { describeLedger } from '../support/contract/ledger.ts'
import { testKeys } from '../support/keys.ts'
import { createTestDatabase } from '../support/postgres.ts'
import { quietLog } from '../support/quiet-log.ts'

describeLedger('on PostgreSQL', async () => {
  const postgres = await createTestDatabase()
  const database = await openDatabase(postgres.appUrl)
  const clock = { now: () => Date.now() }
  const ledger = createLedger({ database, keys: testKeys, clock, log: quietLog, origin: 'test' })
  return {
    ledger,
    keys: testKeys,
    transaction: (work) => database.transaction(work),
    close: async () => {
      await ledger.stop()
      await database.close()
      await postgres.drop()
    },
  }
})
