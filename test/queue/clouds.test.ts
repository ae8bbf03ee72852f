import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createQueue } from '../../app/queue/queue.ts'
import type { Queue } from '../../app/reconcile/ports/queue.ts'
import { type Database, executeWithin, openDatabase } from '../../app/store/database.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { quietLog } from '../support/quiet-log.ts'

let postgres: TestDatabase
let database: Database
let queue: Queue

beforeEach(async () => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl)
  queue = await createQueue({
    databaseUrl: postgres.appUrl,
    execute: executeWithin,
    log: quietLog,
    batches: 1,
  })
})
afterEach(async () => {
  await queue.stop()
  await database.close()
  await postgres.drop()
})

const grants = (name: string, count: number) =>
  Array.from({ length: count }, (_, n) => ({ queue: 'grant', key: `${name}-${n}` }) as const)
const until = (holds: () => boolean) =>
  vi.waitFor(() => expect(holds()).toBe(true), { timeout: 60_000, interval: 20 })

test('what takes access away goes first, also where its key was waiting already', async () => {
  const urgent = true
  await queue.wake(grants('given', 60))
  await database.transaction((tx) => queue.wake([{ queue: 'grant', key: 'taken', urgent }], tx))
  await queue.wake([{ queue: 'grant', key: 'given-9', urgent }, ...grants('given', 10)])
  const seen: string[] = []
  await queue.work('grant', async (key) => void seen.push(key))
  await until(() => seen.length === 61)
  expect(seen.slice(0, 20)).toEqual(expect.arrayContaining(['given-9', 'taken']))
})

test('looks that hang keep nobody else waiting, and their workers go when they end', async () => {
  const { promise: hanging, resolve: end } = Promise.withResolvers<void>()
  await queue.wake(grants('hangs', 50))
  const begun = new Set<string>()
  const seen = new Set<string>()
  await queue.work('grant', async (key) => {
    begun.add(key)
    if (key.startsWith('hangs')) await hanging
    seen.add(key)
  })
  await until(() => begun.size === 50)
  await queue.wake(grants('well', 50))
  await until(() => seen.size === 50)
  end()
  await until(() => seen.size === 100)
})
