import { expect, test } from 'vitest'
import { checkpointText } from '../../app/audit/checkpoint.ts'
import { signNote } from '../../app/audit/note.ts'
import {
  newestStored,
  putCheckpoint,
  putRotation,
  readCheckpoints,
  readRotations,
} from '../../app/store/ledger/checkpoints.ts'
import { newestSigned, seekSigned } from '../../app/store/ledger/newest.ts'
import { noteSigner } from '../support/checkpoints.ts'
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
  expect(await all(newestStored(database))).toEqual([])
  expect(await put(12, 'twelve')).toBe(true)
  expect(await put(3, 'three')).toBe(true)
  expect(await put(12, 'another twelve')).toBe(false)
  expect((await all(newestStored(database))).map(({ stored }) => stored)).toEqual([
    { size: 12, note: 'twelve', madeAt: 12_000 },
    { size: 3, note: 'three', madeAt: 3000 },
  ])
  expect((await all(newestStored(database, { until: 11_999 }))).map(({ size }) => size)).toEqual([3])
  expect((await all(readCheckpoints(database))).map(({ note }) => note)).toEqual(['three', 'twelve'])
  expect((await all(readCheckpoints(database, 3))).map(({ note }) => note)).toEqual(['twelve'])
})

test('pages follow each other without a gap', async () => {
  await database.transaction(async (tx) => {
    for (let size = 1; size <= 1001; size += 1) await putCheckpoint(tx, { size, note: `${size}`, madeAt: 0 })
  })
  const sizes = Array.from({ length: 1001 }, (_, n) => n + 1)
  expect((await all(readCheckpoints(database))).map(({ size }) => size)).toEqual(sizes)
  expect((await all(newestStored(database))).map(({ size }) => size)).toEqual(sizes.toReversed())
})

test('a rotation is stored once, in order', async () => {
  for (const note of ['b', 'a', 'b']) await database.transaction((tx) => putRotation(tx, note))
  expect(await readRotations(database)).toEqual(['b', 'a'])
})

test('what is not signed, not of this ledger, or says another size than its row is passed over, and told of', async () => {
  const { signer, origin } = { signer: noteSigner('acme'), origin: 'acme' }
  const note = (size: number, by = signer, of = origin) =>
    signNote(checkpointText({ origin: of, size, root: Buffer.alloc(32), head: Buffer.alloc(32) }), [by])
  await put(5, note(5))
  await put(6, note(6, noteSigner('acme')))
  await put(7, note(5))
  await put(8, 'x')
  await put(9, note(9, noteSigner('other'), 'other'))
  await put(1_000_000_000, `acme\n1000000000\n${'A'.repeat(43)}=\ngitsudo-chain x\n\n— x AAAA\n`)
  await expect(put(11, 'y'.repeat(200_000))).rejects.toThrow('integrity')
  const told: string[] = []
  const trust = { origin, keys: [signer.key] }
  const found = await seekSigned(database, trust, {}, { most: 100, other: (why) => told.push(why) })
  expect(found).toMatchObject({ newest: { size: 5, note: note(5), madeAt: 5000 } })
  expect(told.map((why) => /^checkpoint of \d+/.exec(why)?.[0])).toEqual([
    'checkpoint of 1000000000',
    'checkpoint of 9',
    'checkpoint of 8',
    'checkpoint of 7',
    'checkpoint of 6',
  ])
  expect(await newestSigned(database, { origin })).toMatchObject({ size: 6 })
})
