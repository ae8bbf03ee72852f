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

test.each([
  ['createrole', 'nocreaterole'],
  ['createdb', 'nocreatedb'],
  ['superuser', 'nosuperuser'],
])('a service role with %s is refused', async (might, without) => {
  const admin = (statement: string) =>
    withClient(database.superuserUrl, (client) => client.query(`alter role gitsudo_app ${statement}`))
  await admin(might)
  try {
    await expect(
      initialise({ adminUrl: database.superuserUrl, passwords: {}, install: installQueues }),
    ).rejects.toMatchObject({ code: 'role_too_mighty' })
  } finally {
    await admin(without)
  }
})
