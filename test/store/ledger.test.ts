import { hash } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { linkHash, originHead } from '../../app/audit/chain.ts'
import type { LedgerEvent } from '../../app/audit/event.ts'
import type { Log } from '../../app/reconcile/ports/log.ts'
import { type Database, openDatabase } from '../../app/store/database.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { batchSize } from '../../app/store/ledger/seal.ts'
import { stage, waitingEvents } from '../../app/store/ledger/stage.ts'
import { verifyLedger } from '../../app/store/ledger/verify.ts'
import { withClient } from '../support/client.ts'
import { decidedEvent, testEvent } from '../support/events.ts'
import { testKeys } from '../support/keys.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const origin = 'test-instance'
const clock = { now: () => Date.now() }
const soon = () => Date.now() + 10_000

let postgres: TestDatabase
let database: Database
let alerts: { event: string; fields: unknown }[]
let closing: (() => Promise<unknown>)[]

const log = (): Log => ({
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  alert: (event, fields) => alerts.push({ event, fields }),
})

beforeEach(async () => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl)
  alerts = []
  closing = [() => database.close()]
})
afterEach(async () => {
  for (const close of closing.reverse()) await close()
  await postgres.drop()
})

async function replica() {
  const own = await openDatabase(postgres.appUrl)
  const ledger = createLedger({ database: own, keys: testKeys, clock, log: log(), origin })
  closing.push(async () => {
    await ledger.stop()
    await own.close()
  })
  const put = (event: LedgerEvent) => own.transaction((tx) => ledger.stage(tx, event))
  return { ledger, put, own }
}

/** A hand in the database that says who it is, so that only what it changes shows. */
const owner = (statement: string, values?: unknown[]) =>
  withClient(postgres.ownerUrl, async (client) => {
    await client.query("set gitsudo.announced = 'yes'")
    return client.query(statement, values)
  })
const stranger = (statement: string) => withClient(postgres.ownerUrl, (client) => client.query(statement))

async function sealSome(count: number) {
  const { ledger, put } = await replica()
  const staged = []
  for (let n = 1; n <= count; n += 1) staged.push(await put(testEvent(n)))
  await ledger.sealed(staged, soon())
  return ledger
}

test('what is staged is sealed in order, and read back', async () => {
  const { ledger, put } = await replica()
  const first = await put(testEvent(1))
  const second = await put(testEvent(2, { type: 'grant.intended', grant: testEvent(1).request ?? '' }))
  expect(await ledger.sealed([first, second], soon())).toEqual([1, 2])
  expect(
    (await ledger.history(testEvent(1).request ?? '')).map(({ seq, event }) => [seq, event.type]),
  ).toEqual([
    [1, 'request.created'],
    [2, 'grant.intended'],
  ])
  expect(await verifyLedger(database, origin)).toMatchObject({ ok: true, events: 2 })
})

test('what waits for its seal is told by type; what somebody else put there is not', async () => {
  const waiting = () => waitingEvents(database, testKeys, 'grant.intended')
  const own = testEvent(2, { type: 'grant.intended' })
  for (const event of [testEvent(1), own]) await database.transaction((tx) => stage(tx, testKeys, event))
  await owner(
    'insert into ledger_staged (body, mac_key, mac) select convert_to($1, $2), mac_key, mac from ledger_staged',
    [JSON.stringify(testEvent(3, { type: 'grant.intended' })), 'UTF8'],
  )
  expect(await waiting()).toEqual([own])
  const { ledger, put } = await replica()
  await ledger.sealed([await put(testEvent(4))], soon())
  expect(await waiting()).toEqual([])
})

test('an event staged in a transaction that rolls back leaves nothing', async () => {
  const { ledger, own, put } = await replica()
  const evidence = { digest: hash('sha256', 'input'), bytes: Buffer.from('input') }
  await expect(
    own.transaction(async (tx) => {
      await ledger.stage(tx, decidedEvent(1), [evidence])
      throw new Error('business changed its mind')
    }),
  ).rejects.toThrow('changed its mind')
  await ledger.sealed([await put(testEvent(2))], soon())
  const { rows } = await owner(
    'select (select count(*) from audit_events)::int as events, (select count(*) from evidence)::int as evidence',
  )
  expect(rows).toEqual([{ events: 1, evidence: 0 }])
})

test('what does not fit its schema is not staged, nor is what it rests on', async () => {
  const { ledger, own } = await replica()
  const evidence = { digest: hash('sha256', 'input'), bytes: Buffer.from('input') }
  const bug = { ...decidedEvent(1), commit: 'HEAD' }
  await own.transaction(async (tx) => {
    await expect(ledger.stage(tx, bug, [evidence])).rejects.toThrow(
      /^This request.approved .*: \/commit must/,
    )
    await expect(ledger.stageAll(tx, [testEvent(1), bug])).rejects.toThrow('/commit')
  })
  const { rows } = await owner(
    'select (select count(*) from ledger_staged)::int as events, (select count(*) from evidence)::int as evidence',
  )
  expect(rows).toEqual([{ events: 0, evidence: 0 }])
})

test('waiting for what was never committed ends at its deadline', async () => {
  const { ledger } = await replica()
  await expect(ledger.sealed(['0'.repeat(64)], Date.now() + 50)).rejects.toMatchObject({ code: 'not_sealed' })
})

test('the same bytes staged twice are one event', async () => {
  const { ledger, put } = await replica()
  const once = await put(testEvent(1))
  expect(await ledger.sealed([once], soon())).toEqual([1])
  const again = await put(testEvent(1))
  expect(await ledger.sealed([again, await put(testEvent(2))], soon())).toEqual([1, 2])
  expect(await verifyLedger(database, origin)).toMatchObject({ ok: true, events: 2 })
})

test('several sealers at once, one of them losing its connections, lose and double nothing', async () => {
  const replicas = await Promise.all([replica(), replica(), replica()])
  const killed = await replica()
  const kill = () =>
    withClient(postgres.superuserUrl, (client) =>
      client.query(`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and usename = 'gitsudo_app' and query like '%ledger_staged%' and pid <> pg_backend_pid()`),
    )
  const writers = Array.from({ length: 24 }, async (_, writer) => {
    const { ledger, put } = replicas[writer % 3] ?? killed
    const seqs: number[] = []
    for (let n = 0; n < 20; n += 1) {
      const event = testEvent(writer * 100 + n)
      // A killed connection fails the writer's transaction too: it comes again, as a reconciler would.
      for (;;) {
        try {
          seqs.push(...(await ledger.sealed([await put(event)], soon())))
          break
        } catch (error) {
          if (error instanceof Error && error.message.includes('deadline')) throw error
        }
      }
    }
    return seqs
  })
  const killing = (async () => {
    for (let times = 0; times < 5; times += 1) await kill()
  })()
  const seqs = (await Promise.all(writers)).flat()
  await killing
  expect(new Set(seqs)).toEqual(new Set(Array.from({ length: 480 }, (_, index) => index + 1)))
  expect(await verifyLedger(database, origin)).toMatchObject({ ok: true, events: 480 })
})

test('without the lock two sealers still cannot both extend one head', async () => {
  await sealSome(1)
  const { rows } = await owner('select seq, body, leaf, chain from audit_events')
  const insert = (leaf: Buffer) =>
    owner(
      `insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id)
       values (2, $1, $2, $3, 'request.created', now(), 'user', '1')`,
      [rows[0].body, leaf, linkHash(rows[0].chain, 2, leaf)],
    )
  await insert(Buffer.alloc(32, 1))
  await expect(insert(Buffer.alloc(32, 2))).rejects.toThrow('audit_events_pkey')
})

test('a staged event without our MAC is not sealed and alerts', async () => {
  const { ledger, put } = await replica()
  await put(testEvent(1))
  await ledger.sealed([await put(testEvent(2))], soon())
  await stranger(`insert into ledger_staged (body, mac_key, mac)
    select body, 'mac-1', encode(sha256('guess'), 'base64') from audit_events where seq = 1`)
  await ledger.sealed([await put(testEvent(3))], soon())
  expect(await verifyLedger(database, origin)).toMatchObject({ ok: true, events: 4 })
  expect(alerts).toMatchObject([
    { event: 'ledger.staged_forged' },
    { event: 'database.changed', fields: { table: 'ledger_staged', operation: 'insert' } },
  ])
})

test('a direct edit of a policy or a grant becomes database.changed; our own changes do not', async () => {
  const { ledger, put, own } = await replica()
  await stranger("insert into policies (repository, name, type) values (1, 'prod', 'ELIGIBILITY')")
  await withClient(postgres.appUrl, (client) =>
    client.query("update policies set enabled = false where name = 'prod'"),
  )
  await own.transaction(async () => {
    const { sql } = await import('slonik')
    await own.run.query(sql.unsafe`update policies set enabled = true`)
  })
  await ledger.sealed([await put(testEvent(1))], soon())
  const found = []
  for await (const { event } of ledger.read({ types: ['database.changed'] })) found.push(event)
  expect(found.map(({ actor, data }) => [actor.id, data.operation, data.row, data.after])).toMatchObject([
    ['gitsudo_owner', 'insert', '1/prod', expect.stringContaining('"enabled": true')],
    ['gitsudo_app', 'update', '1/prod', '{"enabled": false}'],
  ])
  expect(alerts.map(({ event }) => event)).toEqual(['database.changed', 'database.changed'])
})

test('read filters by person, request, type and time', async () => {
  const { ledger, put } = await replica()
  const staged = [
    await put(testEvent(1)),
    await put(testEvent(2, { actor: { kind: 'user', id: '2', login: 'Bob' } })),
    await put(testEvent(60_000, { type: 'grant.issued' })),
  ]
  await ledger.sealed(staged, soon())
  const seqs = async (filter: Parameters<typeof ledger.read>[0]) => {
    const found = []
    for await (const { seq } of ledger.read(filter)) found.push(seq)
    return found
  }
  expect(await seqs({})).toEqual([1, 2, 3])
  expect(await seqs({ login: 'bob' })).toEqual([2])
  expect(await seqs({ request: testEvent(1).request ?? '' })).toEqual([1])
  expect(await seqs({ types: ['grant.issued'] })).toEqual([3])
  expect(await seqs({ since: Date.UTC(2026, 11, 1) + 2 })).toEqual([2, 3])
})

const edits: readonly (readonly [what: string, statement: string])[] = [
  ['leaf', 'update audit_events set body = set_byte(body, 30, get_byte(body, 30) # 1) where seq = 3'],
  ['leaf', 'update audit_events set leaf = set_byte(leaf, 0, get_byte(leaf, 0) # 1) where seq = 3'],
  ['chain', 'update audit_events set chain = set_byte(chain, 31, get_byte(chain, 31) # 1) where seq = 3'],
  ['type', "update audit_events set type = 'grant.issued' where seq = 3"],
  ['at', "update audit_events set at = at + interval '1 millisecond' where seq = 3"],
  ['actorKind', "update audit_events set actor_kind = 'system' where seq = 3"],
  ['actorId', "update audit_events set actor_id = '1002' where seq = 3"],
  ['actorLogin', 'update audit_events set actor_login = null where seq = 3'],
  ['requestId', "update audit_events set request_id = 'req_X' where seq = 3"],
  ['grantId', "update audit_events set grant_id = 'req_X' where seq = 3"],
  ['repoId', 'update audit_events set repo_id = 9223372036854775807 where seq = 3'],
  ['pull', 'update audit_events set pull = null where seq = 3'],
  ['commit', "update audit_events set commit = '' where seq = 3"],
  ['seq', 'delete from audit_events where seq = 3'],
  ['seq', 'update audit_events set seq = -seq where seq = 3'],
  ['leaf', 'update audit_events a set body = b.body from audit_events b where a.seq = 3 and b.seq = 4'],
]
test.each(edits)('a change of %s is found at its place: %s', async (what, statement) => {
  await sealSome(6)
  await owner(statement)
  const verdict = await verifyLedger(database, origin)
  expect(verdict).toMatchObject({ ok: false, what, seq: statement.includes('-seq') ? 1 : 3 })
})

test('rows after a fault that still agree with each other are counted', async () => {
  await sealSome(6)
  await owner("update audit_events set type = 'grant.issued' where seq = 3")
  expect(await verifyLedger(database, origin)).toMatchObject({ seq: 3, consistentAfter: 3 })
  await owner("update audit_events set type = 'request.created' where seq = 3")
  await owner('delete from audit_events where seq = 4')
  expect(await verifyLedger(database, origin)).toMatchObject({
    seq: 4,
    what: 'seq',
    found: '5',
    consistentAfter: 1,
  })
})

test('a doubled row is found also where a page ends', async () => {
  await sealSome(2)
  await owner('alter table audit_events drop constraint audit_events_pkey')
  await owner('insert into audit_events select * from audit_events where seq = 2')
  expect(await verifyLedger(database, origin)).toMatchObject({ ok: false, seq: 3, what: 'seq', found: '2' })
})

test("another instance's ledger does not verify as ours", async () => {
  await sealSome(1)
  expect(await verifyLedger(database, 'other')).toMatchObject({ ok: false, seq: 1, what: 'chain' })
  expect(originHead('other')).not.toEqual(originHead(origin))
})

test('evidence is named by its event; missing or altered, it is a fault', async () => {
  const { ledger, own } = await replica()
  const evidence = { digest: hash('sha256', '{"input":1}'), bytes: Buffer.from('{"input":1}') }
  const staged = await own.transaction((tx) => ledger.stage(tx, decidedEvent(1), [evidence]))
  await ledger.sealed([staged], soon())
  expect((await ledger.history(testEvent(1).request ?? ''))[0]?.event.data).toMatchObject({
    evidence: [evidence.digest],
  })
  expect(await verifyLedger(database, origin)).toMatchObject({ ok: true })
  await owner('update evidence set bytes = \'{"input":2}\'')
  expect(await verifyLedger(database, origin)).toMatchObject({ ok: false, seq: 1, what: 'evidence' })
})

test.each(edits.filter(([what]) => what !== 'seq' && what !== 'chain'))(
  'an event is not read after a change of %s: %s',
  async (_, statement) => {
    const ledger = await sealSome(6)
    const all = async () => {
      let count = 0
      for await (const _ of ledger.read({})) count += 1
      return count
    }
    expect(await all()).toBe(6)
    await owner(statement)
    expect(await all()).toBe(5)
    expect(alerts).toMatchObject([{ event: 'ledger.altered', fields: { seq: 3 } }])
  },
)

test.each(["at = 'infinity'", 'repo_id = 9223372036854775807', 'pull = -9223372036854775807'])(
  'what cannot even be parsed counts as altered: %s',
  async (change) => {
    const ledger = await sealSome(3)
    const id = testEvent(2).request ?? ''
    await owner(`update audit_events set ${change} where seq = 2`)
    await expect(ledger.history(id)).rejects.toMatchObject({ code: 'tampered' })
    expect(await ledger.remains(id)).toEqual([])
  },
)

test('whoever stops seals all that is committed by then, however much', async () => {
  const { ledger, own } = await replica()
  const events = Array.from({ length: 2 * batchSize + 1 }, (_, n) => testEvent(n))
  await own.transaction((tx) => ledger.stageAll(tx, events))
  await ledger.stop()
  const { rows } = await owner('select count(*)::int as sealed from audit_events')
  expect(rows[0].sealed).toBe(events.length)
})
