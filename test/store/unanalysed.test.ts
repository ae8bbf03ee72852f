import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase } from '../../app/store/database.ts'
import { sealBatch } from '../../app/store/ledger/seal.ts'
import { stageAll } from '../../app/store/ledger/stage.ts'
import { strayCheckpoints } from '../../app/store/ledger/verify-part.ts'
import { withClient } from '../support/client.ts'
import { testEvent } from '../support/events.ts'
import { testKeys } from '../support/keys.ts'
import { memoryLog } from '../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let postgres: TestDatabase
beforeAll(async () => {
  postgres = await createTestDatabase()
})
afterAll(() => postgres.drop())

const superuser = async (text: string) =>
  (await withClient(postgres.superuserUrl, (client) => client.query(text))).rows
/** Seals so many events on connections of its own, whose statistics are told once they are closed. */
const seal = async (from: number, count: number) => {
  const database = await openDatabase(postgres.appUrl, { connections: 1 })
  const events = Array.from({ length: count }, (_, n) => testEvent(from + n))
  await database.transaction((tx) => stageAll(tx, testKeys, events))
  await sealBatch({ database, keys: testKeys, log: memoryLog(), origin: 'test-instance' })
  await database.close()
}
const use = async () => {
  const [row] = await superuser(
    `select idx_scan::int as looks, idx_tup_read::int as rows
     from pg_stat_user_indexes where indexrelname = 'audit_events_pkey'`,
  )
  return row as { readonly looks: number; readonly rows: number }
}

test('one more event costs a look by its leaf, not a walk through all there are, before PostgreSQL knows the table', async () => {
  await superuser('alter table audit_events set (autovacuum_enabled = off)')
  await seal(0, 500)
  await expect.poll(async () => (await use()).looks).toBeGreaterThan(0)
  const before = await use()
  await seal(500, 1)
  await expect.poll(async () => (await use()).looks).toBeGreaterThan(before.looks)
  expect((await use()).rows - before.rows).toBeLessThan(50)
})

test('checkpoints of no event are not sought in all events, however little memory a query has', async () => {
  const plan = await withClient(postgres.superuserUrl, async (client) => {
    await client.query("set work_mem = '64kB'")
    return (await client.query(`explain ${strayCheckpoints}`)).rows
  })
  expect(JSON.stringify(plan)).toContain('Anti Join')
  expect(JSON.stringify(plan)).not.toContain('SubPlan')
})
