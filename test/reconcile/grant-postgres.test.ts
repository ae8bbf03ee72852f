import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Intent } from '../../app/grant/intent.ts'
import { boundCalls } from '../../app/provider/calls.ts'
import { limitCalls } from '../../app/provider/limits.ts'
import { createMock } from '../../app/provider/mock/mock.ts'
import { issueCredentials } from '../../app/reconcile/credentials.ts'
import { openGrant, startGrant } from '../../app/reconcile/grant/open.ts'
import { createGrantReconciler } from '../../app/reconcile/grant.ts'
import { askRevoke } from '../../app/reconcile/revoke.ts'
import { createSweep } from '../../app/reconcile/sweep.ts'
import { type Database, openDatabase } from '../../app/store/database.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { mockBindings } from '../../app/store/mock-bindings.ts'
import { tellUnreadable } from '../../app/store/readable.ts'
import { createStore } from '../../app/store/store.ts'
import { withClient } from '../support/client.ts'
import { testKeys } from '../support/keys.ts'
import { memoryClock } from '../support/memory/clock.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryLog } from '../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { silenceable } from '../support/silence.ts'

const never = new AbortController().signal
const clock = memoryClock()
const log = memoryLog()
let postgres: TestDatabase
let database: Database
let world: ReturnType<typeof assemble>

const assemble = (shared: boolean, on = database) => {
  const bindings = mockBindings(on)
  const mock = createMock({ bindings, clock, instance: `test-${shared}`, shared })
  const queue = { wake: async () => undefined }
  const deps = {
    clock,
    log,
    keys: testKeys,
    queue,
    store: createStore({ database: on, queue, keys: testKeys }),
    ledger: createLedger({ database: on, keys: testKeys, clock, log, origin: 'test' }),
    providers: new Map([['mock', boundCalls(limitCalls(mock), { clock, log })]]),
    settings: { grantWindowMs: 3_600_000 },
  }
  const { store, ledger } = deps
  const reconciler = createGrantReconciler(deps)
  return {
    deps,
    bindings,
    look: (id: string) => reconciler.look(id, never),
    open: async (intent: Intent): Promise<string> => {
      const staged = await store.transaction((tx) =>
        openGrant(tx, deps, intent, { metadata: {}, now: clock.now() }),
      )
      await ledger.sealed([staged], clock.now() + 10_000)
      return intent.grant
    },
    state: async (id: string) => (await store.grant(id))?.state,
    typesOf: async (id: string) => (await ledger.history(id)).map(({ event }) => event.type),
  }
}

beforeAll(async () => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl, { unreadable: tellUnreadable(log, clock) })
  world = assemble(false)
})
afterAll(async () => {
  await world.deps.ledger.stop()
  await database.close()
  await postgres.drop()
})

test('a grant lives its life on PostgreSQL, every event signed and sealed', async () => {
  const intent = anIntent(1, clock.now())
  const id = await world.open(intent)
  await world.look(id)
  expect(await world.state(id)).toBe('active')
  expect(await world.deps.store.nextLookAt(clock.now())).toBe(clock.now() + 300_000)
  expect(await issueCredentials(world.deps, id, 1001, { id: 's' }, never)).toMatchObject({
    ok: true,
    expiresAt: intent.endsAt,
  })
  clock.set(intent.endsAt)
  await world.look(id)
  expect(await world.deps.store.grant(id)).toMatchObject({
    state: 'ended',
    cause: 'expired',
    endedAt: intent.endsAt,
  })
  expect(await world.bindings.all()).toEqual([])
  await expect
    .poll(() => world.typesOf(id))
    .toEqual(['grant.intended', 'grant.issued', 'credentials.issued', 'grant.expired'])
  const events = await world.deps.ledger.history(id)
  expect(events.every(({ event }) => testKeys.verify(event))).toBe(true)
})

test('a hundred grants on ten bindings, asked to end at once, keep each binding for its last', async () => {
  const shared = assemble(true)
  const intents = Array.from({ length: 100 }, (_, n) =>
    anIntent(n + 100, clock.now(), { principal: `person-${n % 10}@example.com` }),
  )
  await Promise.all(intents.map((intent) => shared.open(intent)))
  await Promise.all(intents.map(({ grant }) => shared.look(grant)))
  expect(await shared.bindings.all()).toHaveLength(10)
  const by = { kind: 'system', id: 'test' } as const
  const revoke = async (some: readonly Intent[]) => {
    await Promise.all(
      some.map(({ grant }) => askRevoke(shared.deps, { grant, by, why: 'over', askedAt: clock.now() })),
    )
    await Promise.all(some.map(({ grant }) => shared.look(grant)))
  }
  await revoke(intents.slice(10))
  expect(await shared.bindings.all()).toHaveLength(10)
  await revoke(intents.slice(0, 10))
  expect(await shared.bindings.all()).toEqual([])
  expect(new Set(await Promise.all(intents.map(({ grant }) => shared.state(grant))))).toEqual(
    new Set(['ended']),
  )
  await shared.deps.ledger.stop()
}, 60_000)

const asSuperuser = (statement: string, values: readonly unknown[]) =>
  withClient(postgres.superuserUrl, async (client) => {
    await client.query('alter table audit_events disable trigger all')
    const answer = await client.query(statement, [...values])
    await client.query('alter table audit_events enable trigger all')
    return answer
  })

test('where the ledger can be read no further, grants that share a binding do not keep it for each other', async () => {
  const shared = assemble(true)
  const { deps } = shared
  const principal = 'sharing@example.com'
  const ids = [
    await shared.open(anIntent(1007, clock.now(), { principal })),
    await shared.open(anIntent(1008, clock.now(), { principal })),
  ]
  for (const id of ids) {
    await shared.look(id)
    await expect.poll(() => shared.typesOf(id)).toContain('grant.issued')
  }
  expect((await deps.ledger.standing()).open.size).toBeGreaterThan(1)
  const ours = async () => (await shared.bindings.all()).filter((one) => one.principal === principal)
  expect(await ours()).toHaveLength(1)
  const other = await shared.open(anIntent(1009, clock.now()))
  // Done twice, it is undone.
  const alter = () =>
    asSuperuser(
      'update audit_events set leaf = set_byte(leaf, 0, 255 - get_byte(leaf, 0)) where grant_id = $1',
      [other],
    )
  await alter()
  expect((await deps.ledger.standing()).broken).toMatch(/was altered/)
  const by = { kind: 'system', id: 'test' } as const
  for (const grant of ids) await askRevoke(deps, { grant, by, why: 'over', askedAt: clock.now() })
  for (let look = 0; look < 4; look += 1) for (const id of ids) await shared.look(id)
  expect(await Promise.all(ids.map((id) => shared.state(id)))).toEqual(['ended', 'ended'])
  expect(await ours()).toEqual([])
  await alter()
  await deps.ledger.stop()
})

test.each([
  [1001, 'its intent deleted', "delete from audit_events where grant_id = $1 and type = 'grant.intended'"],
  [
    1003,
    'its intent filed elsewhere',
    "update audit_events set grant_id = 'req_0000000000000000000000000Z' where grant_id = $1 and type = 'grant.intended'",
  ],
  [
    1004,
    'its intent altered',
    "update audit_events set actor_login = 'mallory' where grant_id = $1 and type = 'grant.intended'",
  ],
  [
    1005,
    'its last event altered',
    "update audit_events set pull = 4242 where grant_id = $1 and type = 'grant.issued'",
  ],
  [1002, 'a stranger’s event filed under it', 'update audit_events set grant_id = $1 where seq = 1'],
])('a grant is taken away at once by what was read before (%i): %s', async (n, _, statement) => {
  const intent = anIntent(n, clock.now())
  const id = await world.open(intent)
  await world.look(id)
  expect(await world.state(id)).toBe('active')
  await expect.poll(() => world.typesOf(id)).toContain('grant.issued')
  await world.deps.ledger.standing()
  await asSuperuser(statement, [id])
  for (let look = 0; look < 4; look += 1) await world.look(id)
  expect(await world.state(id)).toBe('ended')
  expect((await world.bindings.all()).filter(({ grant }) => grant === id)).toEqual([])
  expect(log.lines).toContainEqual(
    expect.objectContaining({
      level: 'alert',
      message: 'grant.row_differs',
      fields: expect.objectContaining({ grant: id }),
    }),
  )
})

test('a scheduled grant whose intent somebody deletes is taken away, and its schedule keeps it for nobody', async () => {
  const intent = anIntent(1006, clock.now() + 60_000)
  const id = await world.open(intent)
  await world.look(id)
  clock.set(intent.startsAt)
  const { store, ledger } = world.deps
  const staged = await store.transaction((tx) => startGrant(tx, world.deps, intent))
  await ledger.sealed([staged], clock.now() + 10_000)
  await world.look(id)
  expect(await world.state(id)).toBe('active')
  await expect.poll(() => world.typesOf(id)).toContain('grant.issued')
  await ledger.standing()
  await asSuperuser("delete from audit_events where grant_id = $1 and type = 'grant.intended'", [id])
  for (let look = 0; look < 4; look += 1) await world.look(id)
  expect(await world.state(id)).toBe('ended')
  expect((await world.bindings.all()).filter(({ grant }) => grant === id)).toEqual([])
})

test('a timer that cannot be read is looked at now, and keeps the sweep from no grant whose own is gone', async () => {
  const { deps } = world
  const key = await world.open(anIntent(1011, clock.now()))
  await world.look(key)
  for (const [pull, moment] of [
    [8, '-infinity'],
    [9, 'infinity'],
    [10, '294276-12-31'],
  ] as const) {
    await deps.store.saveProjection({ repository: 1, pull, asked: [], lookAt: clock.now() })
    await asSuperuser('alter table projections drop constraint if exists projections_look_at_is_read', [])
    await asSuperuser('update projections set look_at = $1 where pull = $2', [moment, pull])
  }
  await asSuperuser('update grants set look_at = null where id = $1', [key])
  const woken: unknown[] = []
  const queue = { wake: async (wakeUps: readonly unknown[]) => void woken.push(...wakeUps) }
  await createSweep({ ...deps, queue })()
  expect(woken).toContainEqual({ queue: 'grant', key })
  for (const pull of [8, 9, 10]) expect(woken).toContainEqual({ queue: 'publish', key: `1:${pull}` })
  expect(await deps.store.nextLookAt(clock.now() + 86_400_000)).toBeUndefined()
  expect(log.lines.map(({ message }) => message)).toContain('database.unreadable')
})

test.each([
  ['kept', 1012],
  ['kept in one piece by an older release', 1013],
  ['kept by one that kept no intents', 1014],
] as const)(
  'after a restart a grant whose intent was deleted is given to nobody, and taken away by what was %s',
  async (how, n) => {
    const known = n !== 1014
    const [gone, stays] = [
      await world.open(anIntent(n, clock.now())),
      await world.open(anIntent(n + 10, clock.now())),
    ]
    for (const id of [gone, stays]) {
      await world.look(id)
      await expect.poll(() => world.typesOf(id)).toContain('grant.issued')
    }
    await world.deps.ledger.standing()
    await world.deps.ledger.keep()
    const seq = (await world.deps.ledger.history(gone))[0]?.seq
    if (how !== 'kept') {
      const { rows } = await asSuperuser('select kept from ledger_standing', [])
      const { rows: apart } = await asSuperuser('select seq::int, intent::json from kept_intents', [])
      const intents = apart.map(({ seq, intent }) => [seq, intent])
      const older = JSON.stringify({ ...JSON.parse(rows[0].kept), ...(known && { intents }) })
      const mac = testKeys.mac('standing', { kept: older })
      await asSuperuser('update ledger_standing set kept = $1, mac_key = $2, mac = $3', [
        older,
        mac.key,
        mac.value,
      ])
      await asSuperuser('delete from kept_intents', [])
    }
    await asSuperuser('create table kept as select * from audit_events', [])
    await asSuperuser('delete from audit_events where seq = $1', [seq])
    const later = assemble(false)
    for (let look = 0; look < 4; look += 1) for (const id of [gone, stays]) await later.look(id)
    const standing = await later.deps.ledger.standing()
    expect(standing.broken).toBe(`event ${seq}, an intent, is gone or was altered`)
    expect(standing.open.has(stays)).toBe(true)
    expect(await later.state(stays)).toBe('active')
    // Without what it says nobody knows what to take away: people are told, and nobody takes it for a stranger's row.
    expect(await later.state(gone)).toBe(known ? 'ended' : 'quarantined')
    const there = (await later.bindings.all()).map(({ grant }) => grant)
    expect(there.includes(gone)).toBe(!known)
    expect(await issueCredentials(later.deps, gone, 1001, { id: 's' }, never)).toMatchObject({ ok: false })
    await asSuperuser('insert into audit_events select * from kept where seq = $1', [seq])
    await asSuperuser('drop table kept', [])
    // What is lost is looked for every ten seconds.
    clock.advance(10_000)
    expect((await later.deps.ledger.standing()).broken).toBeUndefined()
    for (let look = 0; look < 4; look += 1) await later.look(gone)
    await later.deps.ledger.stop()
  },
)

test('PostgreSQL falls silent when a grant is to end, and it ends at a later look', async () => {
  const way = await silenceable(postgres.appUrl)
  const own = await openDatabase(way.url, { patienceMs: 1_000 })
  const silenced = assemble(false, own)
  try {
    const intent = anIntent(2000, clock.now())
    const id = await silenced.open(intent)
    await silenced.look(id)
    expect(await silenced.state(id)).toBe('active')
    clock.set(intent.endsAt)
    way.fallSilent()
    await expect
      .poll(() =>
        silenced.look(id).then(
          () => silenced.state(id),
          () => 'not yet',
        ),
      )
      .toBe('ended')
  } finally {
    await way.close()
    await silenced.deps.ledger.stop()
    await own.close()
  }
})
