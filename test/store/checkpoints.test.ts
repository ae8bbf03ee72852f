import { expect, test } from 'vitest'
import {
  newestCheckpoint,
  putCheckpoint,
  putRotation,
  readCheckpoints,
  readRotations,
} from '../../app/store/ledger/checkpoints.ts'
import { database, databaseEach } from '../support/database-each.ts'

databaseEach()

const all = async <T>(found: AsyncIterable<T>): Promise<readonly T[]> => {
  const items: T[] = []
  for await (const item of found) items.push(item)
  return items
}

const put = (size: number, note: string) =>
  database.transaction((tx) => putCheckpoint(tx, { size, note, madeAt: size * 1000 }))

test('one checkpoint of each size, the smallest first; what is stored stays', async () => {
  expect(await newestCheckpoint(database)).toBeUndefined()
  expect(await put(12, 'twelve')).toBe(true)
  expect(await put(3, 'three')).toBe(true)
  expect(await put(12, 'another twelve')).toBe(false)
  expect(await newestCheckpoint(database)).toEqual({ size: 12, note: 'twelve', madeAt: 12_000 })
  expect((await all(readCheckpoints(database))).map(({ note }) => note)).toEqual(['three', 'twelve'])
  expect((await all(readCheckpoints(database, 3))).map(({ note }) => note)).toEqual(['twelve'])
})

test('pages follow each other without a gap', async () => {
  await database.transaction(async (tx) => {
    for (let size = 1; size <= 1001; size += 1) await putCheckpoint(tx, { size, note: `${size}`, madeAt: 0 })
  })
  expect((await all(readCheckpoints(database))).map(({ size }) => size)).toEqual(
    Array.from({ length: 1001 }, (_, n) => n + 1),
  )
})

test('a rotation is stored once, in order', async () => {
  for (const note of ['b', 'a', 'b']) await database.transaction((tx) => putRotation(tx, note))
  expect(await readRotations(database)).toEqual(['b', 'a'])
})
