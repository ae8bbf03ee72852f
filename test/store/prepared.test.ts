import { sql } from 'slonik'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type Database, openDatabase } from '../../app/store/database.ts'
import { withClient } from '../support/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let postgres: TestDatabase
let database: Database
beforeAll(async () => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl, { connections: 1 })
})
afterAll(async () => {
  await database.close()
  await postgres.drop()
})

const statement = z.object({ statement: z.string() })
const times = async (n: number, ask: () => Promise<unknown>) => {
  for (let at = 0; at < n; at++) await ask()
}
const prepared = async (text: string) => {
  const rows = await database.run.any(sql.type(statement)`select statement from pg_prepared_statements`)
  return rows.filter((row) => row.statement.startsWith(text)).length
}

test('what is asked again is prepared, once for all values', async () => {
  await times(1, () => database.run.query(sql.unsafe`select ${'a'} as once`))
  expect(await prepared('select $1 as once')).toBe(0)
  for (const value of ['a', 'b', 'c']) await database.run.query(sql.unsafe`select ${value} as again`)
  expect(await prepared('select $1 as again')).toBe(1)
})

test('a column that a migration adds meanwhile breaks nothing', async () => {
  const ask = () => database.run.query(sql.unsafe`select * from troubles`)
  await times(3, ask)
  await withClient(postgres.superuserUrl, (client) =>
    client.query('alter table troubles add column more text'),
  )
  expect((await ask()).fields.map(({ name }) => name)).toContain('more')
})
