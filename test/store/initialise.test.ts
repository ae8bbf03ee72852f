import { readdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installQueues } from '../../app/queue/install.ts'
import { initialise, migrationsDirectory, refuseMight } from '../../app/store/initialise.ts'
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
  'alter role gitsudo_app createrole',
  'alter role gitsudo_app createdb',
  'alter role gitsudo_app superuser',
  'grant gitsudo_owner to gitsudo_app',
])('a service role that could lift the guards is refused: %s', async (statement) => {
  await withClient(database.superuserUrl, async (client) => {
    await refuseMight(client)
    // Roles are the whole server's: nobody else may see this one.
    await client.query('begin')
    await client.query(statement)
    await expect(refuseMight(client)).rejects.toMatchObject({ code: 'role_too_mighty' })
    await client.query('rollback')
  })
})
