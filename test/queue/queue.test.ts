import { sql } from 'slonik'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createQueue } from '../../app/queue/queue.ts'
import type { Queue } from '../../app/reconcile/ports/queue.ts'
import type { Tx } from '../../app/reconcile/ports/store.ts'
import { connectionOf, type Database, executeWithin, openDatabase } from '../../app/store/database.ts'
import { statementName } from '../../app/store/prepared.ts'
import { withClient } from '../support/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { quietLog } from '../support/quiet-log.ts'

let postgres: TestDatabase
let database: Database
let closing: (() => Promise<unknown>)[]

beforeEach(async () => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl)
  await withClient(postgres.ownerUrl, (client) =>
    client.query(
      'create table counters (key text primary key, n int not null); grant all on counters to gitsudo_app',
    ),
  )
  closing = [() => database.close()]
})
afterEach(async () => {
  for (const close of closing.reverse()) await close()
  await postgres.drop()
})

async function replica(): Promise<Queue> {
  const queue = await createQueue({
    databaseUrl: postgres.appUrl,
    execute: executeWithin,
    nameOf: statementName,
    log: quietLog,
  })
  closing.push(() => queue.stop())
  return queue
}

const until = (holds: () => unknown) =>
  vi.waitFor(async () => expect(await holds()).toBeTruthy(), { timeout: 60_000, interval: 20 })

test('a wake-up in a transaction that rolls back wakes nobody; one that commits does', async () => {
  const queue = await replica()
  const seen: string[] = []
  await queue.work('branch', async (key) => void seen.push(key))
  await expect(
    database.transaction(async (tx) => {
      await queue.wake([{ queue: 'branch', key: 'lost' }], tx)
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  await database.transaction((tx) => queue.wake([{ queue: 'branch', key: 'kept' }], tx))
  await until(() => seen.includes('kept'))
  expect(seen).toEqual(['kept'])
})

test('whatever commits with a wake-up is seen by a look that starts after it: no wake-up is lost', async () => {
  const [one, two] = [await replica(), await replica()]
  const seen = new Map<string, number>()
  const look = async (key: string) => {
    const n = await database.run.oneFirst(
      sql.unsafe`select coalesce(max(n), 0) from counters where key = ${key}`,
    )
    seen.set(key, Math.max(seen.get(key) ?? 0, Number(n)))
  }
  await Promise.all([one.work('grant', look), two.work('grant', look)])
  const keys = ['a', 'b', 'c']
  const writers = keys.flatMap((key) => [one, two, one].map((queue) => ({ key, queue })))
  await Promise.all(
    writers.map(async ({ key, queue }) => {
      for (let n = 0; n < 15; n += 1) {
        await database.transaction(async (tx) => {
          // The wake-up first, the change after it, so that a worker has every chance to be too early.
          await queue.wake([{ queue: 'grant', key }], tx)
          await connectionOf(tx).query(sql.unsafe`
            insert into counters values (${key}, 1) on conflict (key) do update set n = counters.n + 1`)
        })
      }
    }),
  )
  await until(() => keys.every((key) => seen.get(key) === 45))
})

/** Puts `n` on record in a transaction. */
const record = (tx: Tx, key: string, n: number) =>
  connectionOf(tx).query(sql.unsafe`insert into counters values (${key}, ${n})`)
const recorded = async (key: string) =>
  Number(await database.run.oneFirst(sql.unsafe`select coalesce(max(n), 0) from counters where key = ${key}`))

test('a queued job is not taken while a transaction that woke it again is open', async () => {
  const queue = await replica()
  await queue.wake([{ queue: 'grant', key: 'k' }])
  const looks: [key: string, n: number][] = []
  // What a transaction starts belongs to it, so the worker is started from outside.
  const begin = Promise.withResolvers<void>()
  const working = begin.promise.then(() =>
    queue.work('grant', async (key) => void looks.push([key, await recorded(key)])),
  )
  await database.transaction(async (tx) => {
    await queue.wake([{ queue: 'grant', key: 'k' }], tx)
    begin.resolve()
    await working
    // The worker has come by when it has looked at another key.
    await queue.wake([{ queue: 'grant', key: 'other' }])
    await until(() => looks.length > 0)
    expect(looks).toEqual([['other', 0]])
    await record(tx, 'k', 1)
  })
  await until(() => looks.some(([key, n]) => key === 'k' && n === 1))
})

test('what waits to be shown is woken again by a few statements, whatever their number', async () => {
  let statements = 0
  const queue = await createQueue({
    nameOf: statementName,
    databaseUrl: postgres.appUrl,
    log: quietLog,
    execute: (tx, text, values) => {
      statements += 1
      return executeWithin(tx, text, values)
    },
  })
  closing.push(() => queue.stop())
  const wakeUps = Array.from({ length: 200 }, (_, n) => ({ queue: 'publish' as const, key: `k${n}` }))
  await queue.wake(wakeUps)
  const begin = Promise.withResolvers<void>()
  const looks = new Map<string, number>()
  const working = begin.promise.then(() =>
    queue.work('publish', async (key) => void looks.set(key, await recorded(key))),
  )
  await database.transaction(async (tx) => {
    await queue.wake(wakeUps, tx)
    expect(statements).toBeLessThan(5)
    begin.resolve()
    await working
    for (const { key } of wakeUps) await record(tx, key, 1)
    // The worker has come by when it has looked at another key.
    await queue.wake([{ queue: 'publish', key: 'other' }])
    await until(() => looks.size > 0)
    expect([...looks.keys()]).toEqual(['other'])
  })
  await until(() => looks.size === wakeUps.length + 1)
  looks.delete('other')
  expect(new Set(looks.values())).toEqual(new Set([1]))
})

test('a wake-up moves up a job that waits, and has one that backs off taken at once', async () => {
  const queue = await replica()
  const waiting = async () =>
    withClient(postgres.superuserUrl, async (client) => {
      const { rows } = await client.query<{ key: string; urgent: boolean; due: boolean }>(
        `select singleton_key as key, priority > 0 as urgent, start_after <= now() as due from pgboss.job order by 1`,
      )
      return rows
    })
  await queue.wake(['backs off', 'waits'].map((key) => ({ queue: 'grant', key })))
  await withClient(postgres.superuserUrl, (client) =>
    client.query(
      "update pgboss.job set start_after = now() + interval '1 hour' where singleton_key = 'backs off'",
    ),
  )
  await queue.wake([
    { queue: 'grant', key: 'backs off' },
    { queue: 'grant', key: 'waits', urgent: Date.UTC(2027, 0, 1) },
  ])
  expect(await waiting()).toEqual([
    { key: 'backs off', urgent: false, due: true },
    { key: 'waits', urgent: true, due: true },
  ])
})

test('a wake-up whose insert lost to another is not lost with the job that a worker takes meanwhile', async () => {
  const looks: number[] = []
  const first = await replica()
  const gaveWay = Promise.withResolvers<void>()
  const second = await createQueue({
    nameOf: statementName,
    databaseUrl: postgres.appUrl,
    log: quietLog,
    execute: async (tx, text, values) => {
      const result = await executeWithin(tx, text, values)
      // Its insert waited for the first one's and gave way: now a worker is quicker than the next statement.
      if (text.includes('INSERT INTO') && result.rows.length === 0) {
        gaveWay.resolve()
        await until(() => looks.length > 0)
      }
      return result
    },
  })
  closing.push(() => second.stop())
  const working = gaveWay.promise.then(() =>
    first.work('grant', async (key) => void looks.push(await recorded(key))),
  )
  const begin = Promise.withResolvers<void>()
  const woken = begin.promise.then(() =>
    database.transaction(async (tx) => {
      await second.wake([{ queue: 'grant', key: 'k' }], tx)
      await record(tx, 'k', 1)
    }),
  )
  await database.transaction(async (tx) => {
    await first.wake([{ queue: 'grant', key: 'k' }], tx)
    begin.resolve()
    await until(somebodyWaits)
  })
  await Promise.all([working, woken])
  await until(() => looks.includes(1))
  expect(looks).toEqual([0, 1])
})

test('two replicas never work one key at once, and wake-ups of a key are coalesced', async () => {
  const [one, two] = [await replica(), await replica()]
  const working = new Map<string, number>()
  let most = 0
  let looks = 0
  const look = async (key: string) => {
    working.set(key, (working.get(key) ?? 0) + 1)
    most = Math.max(most, ...working.values())
    await database.run.query(sql.unsafe`select pg_sleep(0.02)`)
    working.set(key, (working.get(key) ?? 0) - 1)
    looks += 1
    // A throw now and then: its second try must not run beside a fresh wake-up.
    if (looks % 7 === 0) throw new Error('stumbled')
  }
  await Promise.all([one.work('publish', look), two.work('publish', look)])
  for (let n = 0; n < 40; n += 1) {
    await Promise.all(['x', 'y'].map((key) => (n % 2 ? one : two).wake([{ queue: 'publish', key }])))
  }
  await until(idle)
  expect(most).toBe(1)
  expect(looks).toBeLessThan(80)
})

test('a look that throws is tried again', async () => {
  const queue = await replica()
  let tries = 0
  await queue.work('branch', async () => {
    tries += 1
    if (tries < 3) throw new Error(`try ${tries}`)
  })
  await queue.wake([{ queue: 'branch', key: 'k' }])
  await until(() => tries === 3)
})

test('stopping waits for the look that is under way', async () => {
  const queue = await replica()
  let ended = false
  let began = false
  await queue.work('branch', async () => {
    began = true
    await database.run.query(sql.unsafe`select pg_sleep(0.3)`)
    ended = true
  })
  await queue.wake([{ queue: 'branch', key: 'k' }])
  await until(() => began)
  await queue.stop()
  expect(ended).toBe(true)
})

async function idle(): Promise<boolean> {
  const { rows } = await withClient(postgres.superuserUrl, (client) =>
    client.query<{ n: number }>("select count(*)::int as n from pgboss.job where state <= 'active'"),
  )
  return rows[0]?.n === 0
}

async function somebodyWaits(): Promise<boolean> {
  const { rowCount } = await withClient(postgres.superuserUrl, (client) =>
    client.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    ),
  )
  return rowCount !== 0
}
