import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createQueue } from '../../app/queue/queue.ts'
import type { Queue } from '../../app/reconcile/ports/queue.ts'
import { type Database, executeWithin, openDatabase } from '../../app/store/database.ts'
import { statementName } from '../../app/store/prepared.ts'
import { withClient } from '../support/client.ts'
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
    nameOf: statementName,
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
  const urgent = 1_700_000_000_000
  await queue.wake(grants('given', 60))
  await database.transaction((tx) => queue.wake([{ queue: 'grant', key: 'taken', urgent }], tx))
  await queue.wake([{ queue: 'grant', key: 'given-9', urgent }, ...grants('given', 10)])
  const seen: string[] = []
  await queue.work('grant', async (key) => void seen.push(key))
  await until(() => seen.length === 61)
  expect(seen.slice(0, 20)).toEqual(expect.arrayContaining(['given-9', 'taken']))
})

test('of what takes access away the oldest end goes first, whatever the order of the wake-ups', async () => {
  const end = (n: number) => 1_900_000_000_000 + ((n * 37) % 60) * 1000
  const ends = grants('over', 60).map((one, n) => ({ ...one, urgent: end(n) }))
  for (const some of [ends.slice(0, 25), ends.slice(25)]) await queue.wake(some)
  const seen: string[] = []
  await queue.work('grant', async (key) => void seen.push(key))
  await until(() => seen.length === 60)
  const oldest = ends.toSorted((a, b) => a.urgent - b.urgent).map(({ key }) => key)
  for (const from of [0, 20, 40])
    expect(new Set(seen.slice(from, from + 20))).toEqual(new Set(oldest.slice(from, from + 20)))
})

test('what was tried in vain goes after an end that was not tried yet, however old', async () => {
  const back = grants('back', 60).map((one) => ({ ...one, urgent: 1_800_000_000_000, owed: true }))
  await queue.wake([...grants('given', 30), ...back])
  await queue.wake([{ queue: 'grant', key: 'fresh', urgent: 1_900_000_000_000 }])
  const seen: string[] = []
  await queue.work('grant', async (key) => void seen.push(key))
  await until(() => seen.length === 91)
  expect(seen.slice(0, 20)).toContain('fresh')
  expect(seen.slice(60).filter((key) => key.startsWith('back'))).toHaveLength(1)
})

test('a look that takes access away and throws is as urgent when it is tried again', async () => {
  const [plain] = grants('given', 1)
  const taken = { queue: 'grant', key: 'taken', urgent: 1_700_000_000_000 } as const
  await queue.wake([...(plain === undefined ? [] : [plain]), taken])
  const thrown: string[] = []
  await queue.work('grant', async (key) => {
    if (thrown.includes(key)) return
    thrown.push(key)
    throw new Error('stumbled')
  })
  const waiting = async () =>
    new Map(
      (
        await withClient(postgres.superuserUrl, (client) =>
          client.query<{ singleton_key: string; priority: number }>(
            "select singleton_key, priority from pgboss.job where name = 'grant' and data ? 'tries'",
          ),
        )
      ).rows.map((row) => [row.singleton_key, row.priority]),
    )
  await expect.poll(async () => (await waiting()).size).toBe(2)
  expect((await waiting()).get('given-0')).toBe(0)
  expect((await waiting()).get('taken')).toBeGreaterThan(0)
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
