import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { copyRows, type Fields } from '../../app/store/ledger/copy.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
let client: pg.Client
beforeAll(async () => {
  database = await createTestDatabase()
  client = new pg.Client({ connectionString: database.appUrl })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await database.drop()
})

const textOf = ({ bytes, starts, ends }: Fields, index: number) =>
  ends[index] === -1 ? null : bytes.toString('utf8', starts[index], ends[index])
const rowsOf = async (query: string) => {
  const rows: (string | null)[][] = []
  await copyRows(client, query, (fields) => rows.push(fields.starts.map((_, index) => textOf(fields, index))))
  return rows
}
const works = async () => expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])

test('rows of any length, with and without fields, one after the other; then the connection is as it was', async () => {
  expect(await rowsOf("select 'x' where false")).toEqual([])
  expect(await rowsOf("values ('a', null, ''), (null, 'ü', 'c')")).toEqual([
    ['a', null, ''],
    [null, 'ü', 'c'],
  ])
  await works()
  const lengths = [
    1,
    200_000,
    3,
    65_531,
    65_536,
    1_000_000,
    0,
    ...Array.from({ length: 3_000 }, (_, n) => n % 97),
  ]
  const rows = await rowsOf(
    `select n::text, repeat('x', length) from unnest(array[${lengths}]) with ordinality as t (length, n) order by t.n`,
  )
  expect(rows.map(([n, text]) => [n, text?.length])).toEqual(
    lengths.map((length, index) => [`${index + 1}`, length]),
  )
  await works()
})

test('may be held back half-way', async () => {
  let rows = 0
  await copyRows(client, "select repeat('x', 1000) from generate_series(1, 20000)", (_, flow) => {
    rows += 1
    if (rows % 1_000 !== 0) return
    flow.pause()
    setImmediate(flow.resume)
  })
  expect(rows).toBe(20_000)
  await works()
})

test('what is wrong with the query, with a row, or with whoever reads it is said', async () => {
  await expect(rowsOf('select * from nothing')).rejects.toThrow('"nothing" does not exist')
  await works()
  await expect(rowsOf('select 1 / (100 - n) from generate_series(1, 1000) as n')).rejects.toThrow(
    'division by zero',
  )
  await works()
  await expect(
    copyRows(client, 'select n from generate_series(1, 1000) as n', () => {
      throw new Error('enough')
    }),
  ).rejects.toThrow('enough')
  await works()
})

test('a connection that is lost half-way is an error', async () => {
  const other = new pg.Client({ connectionString: database.appUrl })
  other.on('error', () => undefined)
  await other.connect()
  const { rows } = await other.query('select pg_backend_pid() as pid')
  let ended: Promise<unknown> | undefined
  const copied = copyRows(other, "select repeat('x', 1000) from generate_series(1, 1000000)", (_, flow) => {
    if (ended !== undefined) return
    flow.pause()
    ended = client.query('select pg_terminate_backend($1)', [rows[0].pid]).then(() => flow.resume())
  })
  await expect(copied).rejects.toThrow()
  await ended
})
