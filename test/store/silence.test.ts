import { sql } from 'slonik'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Database, openDatabase } from '../../app/store/database.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { testEvent } from '../support/events.ts'
import { testKeys } from '../support/keys.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { quietLog } from '../support/quiet-log.ts'
import { type Silenceable, silenceable } from '../support/silence.ts'

const clock = { now: () => Date.now() }
const silent = { cause: { code: 'ETIMEDOUT' } }

let postgres: TestDatabase
let way: Silenceable
let database: Database
beforeEach(async () => {
  postgres = await createTestDatabase()
  way = await silenceable(postgres.appUrl)
  database = await openDatabase(way.url, { connections: 1, patienceMs: 1_000 })
})
afterEach(async () => {
  await way.close()
  await database.close()
  await postgres.drop()
})

const pid = () => database.run.oneFirst(sql.unsafe`select pg_backend_pid()`)

test('a query that nobody answers fails, and the next has a connection of its own', async () => {
  const before = await pid()
  way.fallSilent()
  await expect(pid()).rejects.toMatchObject(silent)
  expect(await pid()).not.toBe(before)
})

test('so does a transaction in which PostgreSQL falls silent, with what ailed it', async () => {
  const work = database.transaction(async () => {
    await pid()
    way.fallSilent()
    return pid()
  })
  await expect(work).rejects.toMatchObject(silent)
  expect(await database.transaction(pid)).toEqual(expect.any(Number))
})

test('so does what is held alone: its keys are free again', async () => {
  const holding = database.alone(['binding'], 60_000, async () => way.fallSilent())
  await expect(holding).rejects.toMatchObject(silent)
  expect(await database.alone(['binding'], 60_000, async () => 'free')).toBe('free')
})

test('who waits for a seal is told in time while PostgreSQL is silent, and sealing goes on', async () => {
  const slow = await openDatabase(way.url, { connections: 1, patienceMs: 3_000 })
  const ledger = createLedger({ database: slow, keys: testKeys, clock, log: quietLog, origin: 'test' })
  const put = (n: number) => database.transaction((tx) => ledger.stage(tx, testEvent(n)))
  expect(await ledger.sealed([await put(1)], clock.now() + 10_000)).toEqual([1])
  const second = await put(2)
  way.fallSilent()
  const asked = clock.now()
  await expect(ledger.sealed([second], asked + 100)).rejects.toMatchObject({ code: 'not_sealed' })
  expect(clock.now() - asked).toBeLessThan(3_000)
  expect(await ledger.sealed([second], clock.now() + 60_000)).toEqual([2])
  await ledger.stop()
  await slow.close()
})
