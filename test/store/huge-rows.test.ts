// A value too long for a string of JavaScript would end the process that reads it. What gitsudo's role may write has its
// limits, and what an owner put there all the same is read as what cannot be read.
import { hash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { leafHash, linkHash } from '../../app/audit/chain.ts'
import { intendedEvent } from '../../app/grant/intent-event.ts'
import { openDatabase } from '../../app/store/database.ts'
import { createCheckpointer } from '../../app/store/ledger/checkpointer.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { batchBytes, sealBatch } from '../../app/store/ledger/seal.ts'
import { createStandingReader } from '../../app/store/ledger/standing.ts'
import { verifyLedger } from '../../app/store/ledger/verify.ts'
import { longest } from '../../app/store/longest.ts'
import { metricFacts } from '../../app/store/metric-facts.ts'
import { noteSigner } from '../support/checkpoints.ts'
import { withClient } from '../support/client.ts'
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
  ledger = begun()
  expect(await seal(1)).toEqual([1])
})
afterEach(async () => {
  await ledger.stop()
  await database.close()
  await postgres.drop()
})

const deps = () => ({ database, keys: testKeys, clock, log, origin })
const begun = () => createLedger(deps())
const intent = (n: number) => anIntent(n, clock.now())
const seal = async (n: number) => {
  const event = testKeys.sign(intendedEvent(intent(n), { kind: 'app', id: 'gitsudo' }, clock.now()))
  const staged = await database.transaction((tx) => ledger.stage(tx, event))
  return ledger.sealed([staged], clock.now() + 60_000)
}
const by = (url: string, text: string, values: readonly unknown[] = []) =>
  withClient(url, async (client) => {
    await client.query("set gitsudo.announced = 'yes'")
    return client.query(text, [...values])
  })
const app = (text: string, values?: readonly unknown[]) => by(postgres.appUrl, text, values)
const owner = (text: string, values?: readonly unknown[]) => by(postgres.ownerUrl, text, values)
const unbounded = (table: string, ...columns: readonly string[]) =>
  owner(`alter table ${table} ${columns.map((one) => `drop constraint ${table}_${one}_is_short`).join(', ')}`)
const alerts = () => log.lines.filter(({ level }) => level === 'alert').map(({ message }) => message)
const bytes = (many: number) => Buffer.alloc(many, 0x78)

test('whatever the service may write is bounded, and no tighter than its readers', async () => {
  const { rows } = await by(
    postgres.superuserUrl,
    `select table_name || '.' || column_name as name,
       (select substring(pg_get_constraintdef(oid) from '<= (\\d+)')::int from pg_constraint
        where conrelid = table_name::regclass and conname = table_name || '_' || column_name || '_is_short') as most
     from information_schema.columns
     where table_schema = 'public' and table_name <> 'schema_migrations'
       and data_type in ('text', 'bytea', 'json', 'ARRAY') order by 1`,
  )
  expect(rows.filter(({ most }) => most === null)).toEqual([])
  const limits = Object.fromEntries(rows.map(({ name, most }) => [name, most]))
  expect(limits).toMatchObject({
    'audit_events.body': longest.event,
    'audit_events.chain': longest.hash,
    'audit_events.leaf': longest.hash,
    'audit_events.mac': longest.mac,
    'audit_events.mac_key': longest.mac,
    'checkpoints.note': longest.note,
    'deliveries.body': longest.delivery,
    'evidence.bytes': longest.evidence,
    'kept_intents.intent': longest.intent,
    'key_rotations.note': longest.note,
    'ledger_staged.body': longest.event,
    'ledger_standing.kept': longest.standing,
    'policies.override_mac': longest.mac,
    'requests.reason': longest.text,
  })
})

test('nor can a wake-up be too long to be read', async () => {
  const { rows } = await by(
    postgres.superuserUrl,
    `select relname || '.' || attname as name from pg_attribute join pg_class on pg_class.oid = attrelid
     where relnamespace = 'pgboss'::regnamespace and relkind = 'r' and attnum > 0
       and atttypid in ('text'::regtype, 'jsonb'::regtype) and not exists (
         select from pg_constraint where conrelid = attrelid and conname = relname || '_' || attname || '_is_short')`,
  )
  expect(rows).toEqual([])
  const put = (many: number) =>
    app("insert into pgboss.job (name, data) values ('grant', to_jsonb(repeat('x', $1)))", [many])
  await expect(put(10_000_000)).rejects.toThrow('job_common_data_is_short')
  await put(1_000)
})

test('a byte more than an event can have is refused, staged and sealed', async () => {
  await ledger.stop()
  const stage = (many: number) =>
    app("insert into ledger_staged (body, mac_key, mac) values ($1, 'x', 'x')", [bytes(many)])
  await expect(stage(longest.event + 1)).rejects.toThrow('ledger_staged_body_is_short')
  await stage(longest.event)
  const { rows } = await owner('select chain from audit_events')
  const append = (body: Buffer) =>
    app(
      `insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id)
       values (2, $1, $2, $3, 'request.created', now(), 'user', '1')`,
      [body, leafHash(body), linkHash(rows[0].chain, 2, leafHash(body))],
    )
  await expect(append(bytes(longest.event + 1))).rejects.toThrow('audit_events_body_is_short')
  await append(bytes(longest.event))
  ledger = begun()
  expect((await seal(2))[0]).toBeGreaterThan(3)
  expect((await ledger.standing()).open.size).toBe(2)
  expect(alerts()).toEqual(expect.arrayContaining(['ledger.staged_forged', 'ledger.foreign']))
})

test.each([
  ['body', 'repeat($1, 10000001)::bytea', "'x', 'x'"],
  ['mac', "'{}'", "'x', repeat($1, 1001)"],
  ['mac_key', "'{}'", "repeat($1, 1001), 'x'"],
])('a staged event whose %s is too long is told of and stops no seal', async (column, body, mac) => {
  await unbounded('ledger_staged', column)
  await owner(`insert into ledger_staged (body, mac_key, mac) values (${body}, ${mac})`, ['x'])
  expect((await metricFacts(database)).ledgerLag.count).toBeLessThan(2)
  expect(await seal(2)).toEqual([2])
  expect(alerts()).toContain('ledger.staged_forged')
  expect(await verifyLedger(database, origin)).toMatchObject({ ok: true })
})

test('many staged events are taken by so many bytes at a time', async () => {
  await ledger.stop()
  await app(
    "insert into ledger_staged (body, mac_key, mac) select repeat('x', 6000000)::bytea, 'x', 'x' from generate_series(1, 7)",
  )
  const batches: number[] = []
  for (let more = true; more; ) {
    const before = alerts().length
    more = (await sealBatch(deps())).more
    batches.push(alerts().length - before)
  }
  expect(batches).toEqual([3, 3, 1])
  expect(batchBytes).toBe(16_000_000)
})

test.each(['last', 'not last'])('an event too long to be read hides no other: %s', async (where) => {
  await ledger.stop()
  await unbounded('audit_events', 'body')
  const { rows } = await owner('select chain from audit_events')
  const body = bytes(longest.event + 1)
  const leaf = leafHash(body)
  await owner(
    `insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id, request_id)
     values (2, $1, $2, $3, 'request.created', now(), 'user', '1', $4)`,
    [body, leaf, linkHash(rows[0].chain, 2, leaf), intent(1).grant],
  )
  ledger = begun()
  if (where === 'not last') expect((await seal(2))[0]).toBe(4)
  const standing = await ledger.standing()
  expect([standing.open.size, standing.broken]).toEqual([where === 'last' ? 1 : 2, undefined])
  expect((await ledger.remains(intent(1).grant)).map(({ seq }) => seq)).toEqual([1])
  await expect(ledger.history(intent(1).grant)).rejects.toThrow('Event 2 was altered')
  await createCheckpointer({ ...deps(), signers: [signer] }).make('now')
  expect(await verifyLedger(database, origin)).toMatchObject({ ok: false, seq: 2 })
})

test('an event of ours that was made too long is an altered one', async () => {
  await unbounded('audit_events', 'body')
  await owner('update audit_events set body = $1', [bytes(longest.event + 1)])
  const standing = await createStandingReader(deps()).standing()
  expect(standing.broken).toBe('event 1 was altered after it was sealed')
})

test('a page of large events is read in parts, to its end', async () => {
  await ledger.stop()
  const { rows } = await owner('select chain from audit_events')
  let { chain } = rows[0]
  for (let seq = 2; seq < 5; seq += 1) {
    const body = Buffer.alloc(9_000_000, seq)
    const leaf = leafHash(body)
    chain = linkHash(chain, seq, leaf)
    await app(
      `insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id)
       values ($1, $2, $3, $4, 'request.created', now(), 'user', '1')`,
      [seq, body, leaf, chain],
    )
  }
  ledger = begun()
  expect(await seal(2)).toEqual([6])
  const standing = await ledger.standing()
  expect([standing.open.size, standing.broken]).toEqual([2, undefined])
})

test('what stood, and a checkpoint, are forged where they are too long', async () => {
  await unbounded('ledger_standing', 'kept')
  await owner(
    "insert into ledger_standing (seq, kept, mac_key, mac) values (1, repeat('x', 80000001), 'x', 'x')",
  )
  const standing = await ledger.standing()
  expect([standing.open.size, standing.broken]).toEqual([1, undefined])
  expect(alerts()).toContain('ledger.standing_forged')
  await unbounded('checkpoints', 'note')
  await owner("insert into checkpoints (size, note, made_at) values (1, repeat('x', 100001), now())")
  expect(await seal(2)).toEqual([2])
  const { make } = createCheckpointer({ ...deps(), signers: [signer] })
  expect((await make('now'))?.size).toBe(2)
})

const grantOf = (reason: string) => `
  insert into grants (id, repository, pull, requester_id, requester_login, provider, role, scope, reason, metadata,
    state, binding_key, starts_at, ends_at, tries, version)
  values ('req_x', 1, 7, 1001, 'alice', 'mock', 'db-read', 'orders', ${reason}, '{}', 'ended', 'b', now(), now(), 0, 1)`
const changed = () => log.lines.filter(({ message }) => message === 'database.changed')

test('what a hand wrote that is too long to be told is told by its length and digest', async () => {
  await withClient(postgres.appUrl, (client) => client.query(grantOf("repeat('é', 100000)")))
  expect(await seal(2)).toHaveLength(1)
  const text = JSON.stringify('é'.repeat(100_000))
  const after = JSON.parse(String(changed()[0]?.fields.after))
  expect(after).toMatchObject({
    reason: { too_long: 200_002, sha256: hash('sha256', text) },
    requester_login: 'alice',
  })
  expect(await verifyLedger(database, origin)).toMatchObject({ ok: true, events: 3 })
})

test('a row that is too long can be taken away again by hand, and that is on record', async () => {
  await unbounded('grants', 'reason')
  await owner(grantOf("repeat('x', 3000000)"))
  await withClient(postgres.ownerUrl, (client) => client.query('delete from grants'))
  expect(await seal(2)).toHaveLength(1)
  expect(JSON.parse(String(changed()[0]?.fields.before))).toMatchObject({ reason: { too_long: 3_000_002 } })
})

test('a change too long for an event is on record all the same', async () => {
  await unbounded('database_changes', 'row_key')
  await owner(
    `insert into database_changes (table_name, operation, row_key, before, after)
     values ('t', 'update', repeat(chr(1), 3000000), to_jsonb(repeat(chr(1), 500000)), to_jsonb(repeat('"', 5000000)))`,
  )
  await owner(
    `insert into database_changes (table_name, operation, row_key, before, after)
     values ('t', 'update', repeat(chr(1), 200000), to_jsonb(repeat(chr(1), 333000)), to_jsonb(repeat('"', 999000)))`,
  )
  expect(await seal(2)).toHaveLength(1)
  // Both are more than one batch holds.
  await expect
    .poll(() => changed().map(({ fields }) => String(fields.row).slice(0, 24)))
    .toEqual(['{"too_long" : 3000000, "', '\u0001'.repeat(24)])
  expect(await verifyLedger(database, origin)).toMatchObject({ ok: true, events: 4 })
})
