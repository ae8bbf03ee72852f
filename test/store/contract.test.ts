import type { WakeUp } from '../../app/reconcile/ports/queue.ts'
import { openDatabase } from '../../app/store/database.ts'
import { createStore } from '../../app/store/store.ts'
import { describeStore } from '../support/contract/store.ts'
import { testKeys } from '../support/keys.ts'
import { createTestDatabase } from '../support/postgres.ts'

describeStore('on PostgreSQL', async () => {
  const postgres = await createTestDatabase()
  const database = await openDatabase(postgres.appUrl)
  const woken: WakeUp[] = []
  const queue = { wake: async (wake: readonly WakeUp[]) => void woken.push(...wake) }
  return {
    store: createStore({ database, queue, keys: testKeys }),
    woken,
    close: async () => {
      await database.close()
      await postgres.drop()
    },
  }
})
