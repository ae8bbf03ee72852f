import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { clients } from '../../app/queue/clients.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let postgres: TestDatabase
let pool: pg.Pool
beforeAll(async () => {
  postgres = await createTestDatabase()
  pool = new pg.Pool({
    connectionString: postgres.appUrl,
    max: 1,
    ...clients((text) => (text.startsWith('select') ? 'known' : 'other')),
  })
})
afterAll(async () => {
  await pool.end()
  await postgres.drop()
})

const prepared = async () =>
  (await pool.query<{ name: string }>('select name from pg_prepared_statements')).rows.map(({ name }) => name)

test('what is asked with values is prepared', async () => {
  for (const value of [1, 2, 3])
    expect((await pool.query('select $1::int as n', [value])).rows).toEqual([{ n: value }])
  expect(await prepared()).toEqual(['known'])
})

test('several statements in one text are asked as they are, with a list of no values too', async () => {
  for (const _ of [1, 2, 3]) await pool.query('begin; set local lock_timeout = 1; commit', [])
  expect(await prepared()).toEqual(['known'])
})

test('the queue waits for no disk', async () => {
  expect((await pool.query('show synchronous_commit')).rows).toEqual([{ synchronous_commit: 'off' }])
})

test('who cannot connect is told', async () => {
  const lost = new pg.Pool({ connectionString: `${postgres.appUrl}_gone`, ...clients(() => undefined) })
  await expect(lost.query('select 1')).rejects.toThrow('does not exist')
  await lost.end()
})
