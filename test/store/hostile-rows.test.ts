// Who owns the database's tables, or is its superuser, can write what gitsudo never does and its tables' checks refuse:
// numbers that JavaScript rounds, moments that are none, rows that bear another event's hash. None of them keeps the ledger
// from growing, or what stands from being read.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bodyOf } from '../../app/audit/body.ts'
import { leafHash, linkHash, originHead } from '../../app/audit/chain.ts'
import { hex } from '../../app/audit/hex.ts'
import { intendedEvent } from '../../app/grant/intent-event.ts'
import { openDatabase } from '../../app/store/database.ts'
import { createCheckpointer } from '../../app/store/ledger/checkpointer.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { verifyLedger } from '../../app/store/ledger/verify.ts'
import { noteSigner } from '../support/checkpoints.ts'
import { withClient } from '../support/client.ts'
import { testEvent } from '../support/events.ts'
import { testKeys } from '../support/keys.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryLog } from '../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const origin = 'test'
const clock = { now: () => Date.now() }
const signer = noteSigner(origin)
let postgres: TestDatabase
let database: Awaited<ReturnType<typeof openDatabase>>
let ledger: ReturnType<typeof createLedger>
let log: ReturnType<typeof memoryLog>

beforeEach(async () => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl)
  log = memoryLog()
  ledger = createLedger({ database, keys: testKeys, clock, log, origin })
  expect(await seal(1)).toEqual([1])
})
afterEach(async () => {
  await ledger.stop()
  await database.close()
  await postgres.drop()
})

const intent = (n: number) => anIntent(n, clock.now())
const seal = async (n: number) => {
  const event = testKeys.sign(intendedEvent(intent(n), { kind: 'app', id: 'gitsudo' }, clock.now()))
  const staged = await database.transaction((tx) => ledger.stage(tx, event))
  return ledger.sealed([staged], clock.now() + 60_000)
}
const hand = (text: string, values: readonly unknown[] = []) =>
  withClient(postgres.ownerUrl, async (client) => {
    await client.query("set gitsudo.announced = 'yes'")
    return client.query(text, [...values])
  })
const alerts = () => log.lines.filter(({ level }) => level === 'alert').map(({ message }) => message)
const checkpoint = () =>
  createCheckpointer({ database, clock, log, keys: testKeys, origin, signers: [signer] }).make('now')
const put = (seq: string, body: Uint8Array, leaf: Uint8Array, chain: Uint8Array) =>
  hand(
    `insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id)
     values ($1, $2, $3, $4, 'request.created', now(), 'user', '1')`,
    [seq, body, leaf, chain],
  )

test.each([
  '9223372036854775807',
  '9007199254740992',
  '9007199254740991',
  '1000000',
  '0',
  '-9223372036854775808',
])(
  'an event of another hand under the number %s is no part of the ledger, and in nobody’s way',
  async (seq) => {
    await put(seq, Buffer.from('{}'), leafHash(Buffer.from('{}')), originHead('x'))
    expect(await seal(2)).toEqual([2])
    const standing = await ledger.standing()
    expect([standing.open.size, standing.broken]).toEqual([2, undefined])
    expect((await checkpoint())?.size).toBe(2)
    expect(alerts()).toContain('ledger.adrift')
    expect(await verifyLedger(database, origin)).toMatchObject({ ok: false, what: 'seq' })
  },
)

test.each([
  [
    'a staged event’s number',
    'ledger_staged',
    "(id, body, mac_key, mac) overriding system value values (9223372036854775807, '{}', 'x', 'x')",
  ],
  [
    'the moment of a change',
    'database_changes',
    "(at, table_name, operation, row_key) values ('infinity', 't', 'update', 'x')",
  ],
  [
    'the number of a change',
    'database_changes',
    "(id, table_name, operation, row_key) overriding system value values (9223372036854775807, 't', 'update', 'x')",
  ],
  [
    'the number of a change, below all',
    'database_changes',
    "(id, table_name, operation, row_key) overriding system value values (-7, 't', 'update', 'x')",
  ],
  [
    'what was done, and to what',
    'database_changes',
    "(table_name, operation, row_key, by_role, client, application) values ('', 'merge', '', '', '', '')",
  ],
])('%s that cannot be read stops no seal', async (_, table, row) => {
  for (const column of ['id', 'at'])
    await hand(`alter table ${table} drop constraint if exists ${table}_${column}_is_read`)
  await hand(`insert into ${table} ${row}`)
  expect(await seal(2)).toHaveLength(1)
  expect(alerts()).toContain(table === 'ledger_staged' ? 'ledger.staged_forged' : 'database.changed')
  expect((await ledger.standing()).open.size).toBe(2)
  expect(await verifyLedger(database, origin)).toMatchObject({ ok: true })
})

test.each([
  ['empty', '', '(empty)'],
  ['that of a whole table', '*', '*'],
  ['blank', ' ', ' '],
  ['of control characters', '\u0001\n\r\u2028"\\', '\u0001\n\r\u2028"\\'],
  ['very long', 'x'.repeat(100_000), 'x'.repeat(100_000)],
])('a row by hand whose key is %s is on record, and its event fits its schema', async (_, key, row) => {
  await withClient(postgres.appUrl, (client) =>
    client.query(
      `insert into grants (id, repository, pull, requester_id, requester_login, provider, role, scope, reason, metadata,
         state, binding_key, starts_at, ends_at, tries, version)
       values ($1, 1, 7, 1001, 'alice', 'mock', 'db-read', 'orders', 'INC-1', '{}', 'ended', 'b', now(), now(), 0, 1)`,
      [key],
    ),
  )
  expect(await seal(2)).toHaveLength(1)
  expect(log.lines).toContainEqual(
    expect.objectContaining({ message: 'database.changed', fields: expect.objectContaining({ row }) }),
  )
  expect(await verifyLedger(database, origin)).toMatchObject({ ok: true, events: 3 })
})

/** Deeper than the stack of whoever would walk it. */
const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
const poison = {
  'no UTF-8': Buffer.from([0xff]),
  'an event nested without end': Buffer.from(
    `{"actor":{"id":"1","kind":"user"},"at":"2026-11-01T00:00:00.000Z","data":{"a":${deep}},"type":"request.evaluated","v":1}`,
  ),
}
test.each(Object.entries(poison))(
  'what the service’s role adds with a right chain, %s, stops nothing',
  async (_, body) => {
    await ledger.stop()
    const { rows } = await hand('select chain from audit_events')
    const leaf = leafHash(body)
    await withClient(postgres.appUrl, (client) =>
      client.query(
        `insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id, request_id)
       values (2, $1, $2, $3, 'request.evaluated', now(), 'user', '1', $4)`,
        [body, leaf, linkHash(rows[0].chain, 2, leaf), intent(1).grant],
      ),
    )
    ledger = createLedger({ database, keys: testKeys, clock, log, origin })
    expect((await seal(2))[0]).toBeGreaterThan(2)
    const standing = await ledger.standing()
    expect([standing.open.size, standing.broken]).toEqual([2, undefined])
    expect(alerts()).toContain('ledger.foreign')
    const types: string[] = []
    for await (const { event } of ledger.read({ request: intent(1).grant })) types.push(event.type)
    expect(types).toEqual(['grant.intended'])
    expect(alerts()).toContain('ledger.altered')
    expect(await verifyLedger(database, origin)).toMatchObject({ ok: false, seq: 2 })
  },
)

test.each([
  ['next', '2'],
  ['beyond the end', '1000000'],
])('a row that bears another event’s hash does not stand in for it: %s', async (_, seq) => {
  const event = testEvent(7)
  const body = bodyOf(event)
  const leaf = leafHash(body)
  await ledger.stop()
  // Beyond the end even its bytes are not the event: nothing there is in the chain.
  await put(seq, seq === '2' ? Buffer.from('{}') : body, leaf, originHead('x'))
  ledger = createLedger({ database, keys: testKeys, clock, log, origin })
  const staged = await database.transaction((tx) => ledger.stage(tx, event))
  expect(staged).toBe(hex(leaf))
  const [at] = await ledger.sealed([staged], clock.now() + 60_000)
  expect(String(at)).not.toBe(seq)
  const { rows } = await hand('select body from audit_events where seq = $1', [at])
  expect(rows[0].body).toEqual(Buffer.from(body))
})

test('nobody but the owner puts an event there once more', async () => {
  await ledger.stop()
  const again = (url: string, seq: number) =>
    withClient(url, async (client) => {
      const { rows } = await client.query('select chain, leaf from audit_events order by seq desc limit 1')
      const chain = linkHash(rows[0].chain, seq, rows[0].leaf)
      await client.query(
        `insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id)
         select $1, body, leaf, $2, type, at, actor_kind, actor_id from audit_events where seq = 1`,
        [seq, chain],
      )
    })
  for (const url of [postgres.appUrl, postgres.superuserUrl])
    await expect(again(url, 2)).rejects.toThrow('audit_events takes an event once')
  await again(postgres.ownerUrl, 2)
  ledger = createLedger({ database, keys: testKeys, clock, log, origin })
  expect((await seal(2))[0]).toBeGreaterThan(3)
  expect(alerts()).toContain('ledger.foreign')
})
