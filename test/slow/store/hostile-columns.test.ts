// Whoever writes the database writes into each column what gitsudo never does: as the service's role, and as a superuser
// for whom no check and no trigger is left. After each: a running grant still ends at its time, a new event is still
// sealed, and the ledger can still be verified; or the database refused the write (audit.md, Who can do what).
import { describe, expect, test } from 'vitest'
import { boundCalls } from '../../../app/provider/calls.ts'
import type { MockBinding } from '../../../app/provider/mock/bindings.ts'
import { createMock } from '../../../app/provider/mock/mock.ts'
import { openGrant } from '../../../app/reconcile/grant/open.ts'
import { createGrantReconciler } from '../../../app/reconcile/grant.ts'
import { createSweep } from '../../../app/reconcile/sweep.ts'
import { openDatabase } from '../../../app/store/database.ts'
import { createLedger } from '../../../app/store/ledger/ledger.ts'
import { verifyLedger } from '../../../app/store/ledger/verify.ts'
import { metricFacts } from '../../../app/store/metric-facts.ts'
import { tellUnreadable } from '../../../app/store/readable.ts'
import { createStore } from '../../../app/store/store.ts'
import { withClient } from '../../support/client.ts'
import { testKeys } from '../../support/keys.ts'
import { memoryClock } from '../../support/memory/clock.ts'
import { anIntent } from '../../support/memory/intent.ts'
import { memoryLog } from '../../support/memory/log.ts'
import { createTestDatabase } from '../../support/postgres.ts'

const never = new AbortController().signal
const origin = 'test'
const hands = ['app', 'superuser'] as const
type Hand = (typeof hands)[number]

/** What each type can hold and gitsudo never writes, as SQL. */
const hostile: Readonly<Record<string, readonly string[]>> = {
  int8: ['9223372036854775807', '-9223372036854775808', '9007199254740992', '9007199254740991', '0'],
  int4: ['2147483647', '-2147483648'],
  timestamptz: ["'infinity'", "'-infinity'", "'294276-12-31'", "'4713-01-01 BC'"],
  text: ["''", "repeat('é', 500)"],
  json: ["'null'", "'[1]'", '\'{"a": 1}\''],
  jsonb: ["'null'", "'[1]'"],
  bytea: ["''", "'\\xff'"],
  bool: ['true', 'false'],
  _int8: ["'{NULL}'", "'{9223372036854775807}'"],
  _text: ["'{NULL}'", "'{{a},{b}}'"],
}
/** A row where a table has none. */
const plain: Readonly<Record<string, string>> = {
  ...{ int8: '1', int4: '1', timestamptz: 'now()', text: "'x'", json: "'{}'", jsonb: "'{}'", bytea: "'x'" },
  ...{ bool: 'true', _int8: "'{}'", _text: "'{}'" },
}
const fitting: Readonly<Record<string, string>> = {
  'grants.state': "'active'",
  'grants.id': "'req_x'",
  'requests.state': "'pending'",
  'requests.id': "'req_x'",
  'grant_attempts.action': "'ensure'",
  'revoke_asks.by_kind': "'user'",
  'policies.type': "'APPROVAL'",
  'ledger_staged.refused': 'false',
  'policies.enabled': 'false',
}

type Column = {
  readonly table: string
  readonly name: string
  readonly type: string
  readonly key: boolean
  /** What the service's role may do to it. */
  readonly may: { readonly insert: boolean; readonly update: boolean }
}

const readColumns = async (): Promise<readonly Column[]> => {
  const template = await createTestDatabase()
  const { rows } = await withClient(template.superuserUrl, (client) =>
    client.query<Column>(`
      select c.table_name as table, c.column_name as name, c.udt_name as type,
        exists (
          select from pg_index where indrelid = c.table_name::regclass and indisunique and c.ordinal_position = any(indkey)
        ) as key,
        json_build_object(
          'insert', has_column_privilege('gitsudo_app', c.table_name, c.column_name, 'INSERT'),
          'update', has_column_privilege('gitsudo_app', c.table_name, c.column_name, 'UPDATE')
        ) as may
      from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
      where table_schema = 'public' and t.table_type = 'BASE TABLE' and table_name <> 'schema_migrations'
      order by 1, c.ordinal_position`),
  )
  await template.drop()
  return rows
}
const columns = await readColumns()
const tables = [...new Set(columns.map(({ table }) => table))]

/** A service's grants over a database of its own; its cloud is not in it. */
const serve = async () => {
  const postgres = await createTestDatabase()
  const clock = memoryClock()
  const log = memoryLog()
  const database = await openDatabase(postgres.appUrl, { unreadable: tellUnreadable(log, clock) })
  const there = new Map<string, MockBinding>()
  const mock = createMock({
    bindings: {
      find: async (handle) => there.get(handle),
      put: async (binding) => void (there.has(binding.handle) || there.set(binding.handle, binding)),
      replace: async (binding) => void (there.has(binding.handle) && there.set(binding.handle, binding)),
      delete: async (handle) => void there.delete(handle),
      all: async () => [...there.values()],
    },
    clock,
    instance: origin,
  })
  const woken: { readonly queue: string; readonly key: string }[] = []
  const queue = { wake: async (all: typeof woken) => void woken.push(...all) }
  const store = createStore({ database, queue: queue as never, keys: testKeys })
  const ledger = createLedger({ database, keys: testKeys, clock, log, origin })
  const providers = new Map([['mock', boundCalls(mock, { clock, log })]])
  const deps = {
    clock,
    log,
    keys: testKeys,
    queue,
    store,
    ledger,
    providers,
    settings: { grantWindowMs: 3_600_000 },
  }
  const reconciler = createGrantReconciler(deps as never)
  const sweep = createSweep(deps as never)
  const holds = (id: string) => [...there.values()].some((one) => one.grant === id)
  let grants = 0
  const begin = async (): Promise<string> => {
    const intent = anIntent(++grants, clock.now())
    const staged = await store.transaction((tx) =>
      openGrant(tx, deps as never, intent, { metadata: {}, now: clock.now() }),
    )
    await ledger.sealed([staged], clock.now() + 3_600_000)
    return intent.grant
  }
  /** One pass of the clockwork; a look that fails is looked at again later, as the queue does. */
  const pass = async (): Promise<readonly unknown[]> => {
    await sweep()
    const failed: unknown[] = []
    for (const { queue: name, key } of woken.splice(0))
      if (name === 'grant') await reconciler.look(key, never).catch((error: unknown) => failed.push(error))
    return failed
  }
  return {
    postgres,
    database,
    ledger,
    holds,
    begin,
    async live(): Promise<string> {
      const id = await begin()
      await reconciler.look(id, never)
      if (!holds(id)) throw new Error(`${id} did not become active`)
      return id
    },
    /** Lets its time run out, with whatever is due on the way. */
    async end(id: string): Promise<void> {
      clock.advance(3_600_000)
      let failed: readonly unknown[] = []
      for (let round = 0; round < 6 && holds(id); round += 1) {
        failed = await pass()
        clock.advance(120_000)
      }
      if (holds(id)) throw new AggregateError(failed, `${id} outlives its time`)
    },
    /** Everything else that reads many rows. */
    async read(): Promise<void> {
      await store.due(clock.now(), 100, clock.now() - 5000)
      await store.nextLookAt(clock.now())
      await store.waitingPulls()
      await store.lastDeliveryAt()
      await store.clouds()
      await store.status({})
      await store.disabledPolicies(clock.now(), 1)
      await store.requestsOfPerson(1, ['pending'])
      await metricFacts(database)
      await ledger.keep()
    },
    async close(): Promise<void> {
      await ledger.stop()
      await database.close()
      await postgres.drop()
    },
  }
}

/** Every other column as it is in some row, or as it would be. @returns whether the database took the value */
const write = (url: string, who: Hand, column: Column, value: string): Promise<boolean> =>
  withClient(url, async (client) => {
    const { table, name } = column
    const all = columns.filter((one) => one.table === table)
    const attempt = async (statement: string): Promise<number> => {
      try {
        return (await client.query(statement)).rowCount ?? 0
      } catch {
        return 0
      }
    }
    if (who === 'superuser') {
      await client.query("set session_replication_role = replica; set gitsudo.announced = 'yes'")
      const { rows } = await client.query<{ name: string }>(
        "select conname as name from pg_constraint where conrelid = $1::regclass and contype = 'c'",
        [table],
      )
      for (const check of rows) await client.query(`alter table ${table} drop constraint ${check.name}`)
      await client.query('set role gitsudo_owner')
    } else await client.query("set gitsudo.announced = 'yes'")
    const rows = await attempt(
      `update ${table} set ${name} = ${value} ${column.key ? `where ctid = (select max(ctid) from ${table})` : ''}`,
    )
    if (rows > 0) return true
    const given = all.filter(({ may }) => may.insert || who === 'superuser')
    if (!given.includes(column)) return false
    const values = given.map((one) =>
      one === column ? value : (fitting[`${table}.${one.name}`] ?? plain[one.type] ?? 'null'),
    )
    return (
      (await attempt(
        `insert into ${table} (${given.map((one) => one.name)}) overriding system value values (${values})`,
      )) > 0
    )
  })

/** Whose change nobody sees in the ledger (docs/ledger.md): of the newest rows it makes them foreign. */
const unseen = ['mac', 'mac_key']

/** Whether the hand could write it, under any circumstances. */
const reaches = (who: Hand, { may }: Column): boolean => who === 'superuser' || may.insert || may.update

test('every column that can hold what is hostile is among them', () => {
  expect(tables.length).toBeGreaterThan(20)
  expect(columns.filter(({ type }) => hostile[type] === undefined)).toEqual([])
})

describe.each(hands)('by the %s', (who) => {
  test.each(tables.filter((table) => columns.some((one) => one.table === table && reaches(who, one))))(
    'values that gitsudo never writes, in %s',
    async (table) => {
      let world = await serve()
      try {
        for (const column of columns.filter((one) => one.table === table && reaches(who, one)))
          for (const value of hostile[column.type] ?? []) {
            await survives(world, who, column, value)
            if ((await world.ledger.standing()).broken === undefined) continue
            await world.close()
            world = await serve()
          }
      } finally {
        await world.close()
      }
    },
  )
})

const survives = async (
  world: Awaited<ReturnType<typeof serve>>,
  who: Hand,
  column: Column,
  value: string,
): Promise<void> => {
  const url = who === 'app' ? world.postgres.appUrl : world.postgres.superuserUrl
  try {
    const running = await world.live()
    const taken = await write(url, who, column, value)
    await world.end(running)
    await world.begin()
    await world.read()
    const { ok } = await verifyLedger(world.database, origin)
    if (taken && column.table === 'audit_events' && !unseen.includes(column.name)) expect(ok).toBe(false)
  } catch (cause) {
    throw new Error(`${column.table}.${column.name} = ${value}`, { cause })
  }
}
