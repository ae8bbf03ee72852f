// The service's role may store anything as a checkpoint, and any number of it: that slows what looks for ours by a row's
// reading each, is told at once, and keeps none from being made.
import { afterAll, beforeEach, expect, test } from 'vitest'
import { openDatabase } from '../../app/store/database.ts'
import { createCheckpointer } from '../../app/store/ledger/checkpointer.ts'
import { newestHeld, newestSigned } from '../../app/store/ledger/newest.ts'
import { checkpointNow, noteSigner } from '../support/checkpoints.ts'
import { withClient } from '../support/client.ts'
import { testEvent } from '../support/events.ts'
import { testKeys } from '../support/keys.ts'
import { memoryLog } from '../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { sealEvents } from '../support/sealed.ts'

const origin = 'test-instance'
const signer = noteSigner(origin)
const junk = 3_000
let postgres: TestDatabase
beforeEach(async () => {
  await postgres?.drop()
  postgres = await createTestDatabase()
  await superuser('alter table checkpoints set (autovacuum_enabled = off)')
  await withDatabase(async (database) => {
    await sealEvents(database, origin, [testEvent(1), testEvent(2)])
    await checkpointNow(database, signer)
    await sealEvents(database, origin, [testEvent(3)])
  })
  await withClient(postgres.appUrl, (client) =>
    client.query(
      `insert into checkpoints (size, note, made_at) select 1000000 + n, 'junk', now() from generate_series(1, ${junk}) as n`,
    ),
  )
})
afterAll(() => postgres.drop())

const superuser = async (text: string) =>
  (await withClient(postgres.superuserUrl, (client) => client.query(text))).rows
/** On connections of its own, whose statistics are told once they are closed. */
const withDatabase = async <T>(work: (database: Awaited<ReturnType<typeof openDatabase>>) => Promise<T>) => {
  const database = await openDatabase(postgres.appUrl)
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}
/** How many of the index's rows were read for it. */
const reading = async (work: Parameters<typeof withDatabase>[0]): Promise<number> => {
  const use = async () => {
    const [row] = await superuser(
      `select idx_scan::int as looks, idx_tup_read::int as rows
       from pg_stat_user_indexes where indexrelname = 'checkpoints_pkey'`,
    )
    return row as { readonly looks: number; readonly rows: number }
  }
  const before = await use()
  await withDatabase(work)
  await expect.poll(async () => (await use()).looks).toBeGreaterThan(before.looks)
  return (await use()).rows - before.rows
}
const checkpointer = (database: Awaited<ReturnType<typeof openDatabase>>, mostPassed?: number) => {
  const log = memoryLog()
  const clock = { now: () => Date.now() }
  const deps = { database, clock, log, keys: testKeys, origin, signers: [signer] }
  const alerts = () => log.lines.filter(({ level }) => level === 'alert').map(({ fields }) => fields)
  return { ...createCheckpointer({ ...deps, ...(mostPassed !== undefined && { mostPassed }) }), alerts }
}
const trust = { origin, keys: [signer.key] }
const first = {
  why: `stored, and not ours: checkpoint of ${1_000_000 + junk}: note, which is not a checkpoint`,
}

test('the newest of ours is found by reading each row above it once; of the ledger’s own none is read', async () => {
  const read = await reading(async (database) => {
    expect(await newestSigned(database, trust)).toMatchObject({ size: 2 })
  })
  expect(read).toBeGreaterThanOrEqual(junk)
  expect(read).toBeLessThan(junk + 1_000)
  expect(
    await reading(async (database) => {
      expect(await newestHeld(database, trust)).toMatchObject({ size: 2 })
    }),
  ).toBeLessThan(100)
})

test('the next one is made in one walk', async () => {
  const read = await reading(async (database) => {
    const { make, alerts } = checkpointer(database)
    expect(await make('now')).toMatchObject({ size: 3 })
    expect(alerts()).toEqual([{ why: expect.stringContaining(first.why.slice(0, 30)) }])
  })
  expect(read).toBeLessThan(junk + 1_000)
})

test('one look passes over so many and no more; the next goes on from there, and what it finds first was told', () =>
  withDatabase(async (database) => {
    const { make, alerts } = checkpointer(database, junk / 3)
    for (let look = 0; look < 3; look += 1) {
      expect(await make('now')).toBeUndefined()
      expect(alerts()).toHaveLength(1)
    }
    expect(await make('now')).toMatchObject({ size: 3 })
    expect(alerts()).toHaveLength(1)
  }))

test('what another made meanwhile is not made again', () =>
  withDatabase(async (database) => {
    const slow = checkpointer(database, junk)
    expect(await slow.make('now')).toBeUndefined()
    expect(await checkpointer(database).make('now')).toMatchObject({ size: 3 })
    expect(await slow.make('now')).toBeUndefined()
    expect(slow.alerts()).toHaveLength(1)
    await sealEvents(database, origin, [testEvent(4)])
    expect(await slow.make('now')).toBeUndefined()
    expect(await slow.make('now')).toMatchObject({ size: 5 })
  }))
