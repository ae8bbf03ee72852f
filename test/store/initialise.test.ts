import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installQueues } from '../../app/queue/install.ts'
import { initialise, migrationsDirectory } from '../../app/store/initialise.ts'
import { withClient } from '../support/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

test('initialising again changes nothing, also as the owner itself and without passwords', async () => {
  await initialise({ adminUrl: database.superuserUrl, passwords: {}, install: installQueues })
  await initialise({ adminUrl: database.ownerUrl, passwords: {}, install: installQueues })
  const { rows } = await withClient(database.appUrl, (client) =>
    client.query<{ name: string }>('select name from schema_migrations order by id'),
  )
  expect(rows.map((row) => row.name)).toEqual(
    (await readdir(migrationsDirectory)).sort().map((file) => file.replace('.sql', '')),
  )
})

const columns = {
  audit_events: 'seq = 9',
  evidence: "digest = 'x'",
  checkpoints: 'size = 9',
  key_rotations: "note = ''",
}
const statements = Object.entries(columns).flatMap(([table, change]) => [
  `update ${table} set ${change}`,
  `delete from ${table}`,
  `truncate ${table}`,
  `drop table ${table}`,
  `alter table ${table} disable trigger all`,
  `create or replace rule quiet as on insert to ${table} do instead nothing`,
])

test.each(statements)('the service may not: %s', async (statement) => {
  await expect(withClient(database.appUrl, (client) => client.query(statement))).rejects.toThrow(
    /permission denied|must be owner/,
  )
})

test.each(statements.filter((statement) => /^(update|delete|truncate)/.test(statement)))(
  'the trigger refuses even a superuser: %s',
  async (statement) => {
    await expect(withClient(database.superuserUrl, (client) => client.query(statement))).rejects.toThrow(
      'is append-only',
    )
  },
)
