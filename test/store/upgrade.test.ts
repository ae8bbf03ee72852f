import { afterAll, beforeAll, expect, test } from 'vitest'
import { boundCalls } from '../../app/provider/calls.ts'
import type { Bindings } from '../../app/provider/mock/bindings.ts'
import { createMock } from '../../app/provider/mock/mock.ts'
import { installQueues } from '../../app/queue/install.ts'
import { openGrant } from '../../app/reconcile/grant/open.ts'
import { createGrantReconciler } from '../../app/reconcile/grant.ts'
import { askRevoke } from '../../app/reconcile/revoke.ts'
import { createSweep } from '../../app/reconcile/sweep.ts'
import { openDatabase } from '../../app/store/database.ts'
import { initialise } from '../../app/store/initialise.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { mockBindings } from '../../app/store/mock-bindings.ts'
import { createStore } from '../../app/store/store.ts'
import { withClient } from '../support/client.ts'
import { earlierDatabase, migrations } from '../support/earlier.ts'
import { testKeys } from '../support/keys.ts'
import { memoryClock } from '../support/memory/clock.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryLog } from '../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const never = new AbortController().signal

/** Grants over a database; what is woken is kept. */
const serve = async (url: string, clock: ReturnType<typeof memoryClock>, cloud?: Partial<Bindings>) => {
  const database = await openDatabase(url)
  const log = memoryLog()
  const woken: string[] = []
  const queue = {
    wake: async (all: readonly { readonly queue: string; readonly key: string }[]) => {
      woken.push(...all.filter((one) => one.queue === 'grant').map(({ key }) => key))
    },
  }
  const bindings = mockBindings(database)
  const mock = createMock({ bindings: { ...bindings, ...cloud }, clock, instance: 'test' })
  const deps = {
    clock,
    log,
    keys: testKeys,
    queue,
    store: createStore({ database, queue, keys: testKeys }),
    ledger: createLedger({ database, keys: testKeys, clock, log, origin: 'test' }),
    providers: new Map([['mock', boundCalls(mock, { clock, log })]]),
    settings: { grantWindowMs: 3_600_000 },
  }
  const reconciler = createGrantReconciler(deps)
  return {
    deps,
    bindings,
    look: (id: string) => reconciler.look(id, never),
    sweep: async () => {
      await createSweep(deps)()
      for (const id of woken.splice(0)) await reconciler.look(id, never)
    },
    typesOf: async (id: string) => (await deps.ledger.history(id)).map(({ event }) => event.type),
    async close() {
      await deps.ledger.stop()
      await database.close()
    },
  }
}

const born = Date.parse('2026-12-01T08:00:00Z')
const lives = anIntent(1, born)
const goes = anIntent(2, born)
let current: TestDatabase
beforeAll(async () => {
  current = await createTestDatabase()
  const clock = memoryClock(born)
  // A cloud that takes its time to take away.
  const world = await serve(current.appUrl, clock, { delete: async () => undefined })
  const { store, ledger } = world.deps
  for (const intent of [lives, goes]) {
    const staged = await store.transaction((tx) =>
      openGrant(tx, world.deps, intent, { metadata: {}, now: clock.now() }),
    )
    await ledger.sealed([staged], clock.now() + 10_000)
    await world.look(intent.grant)
  }
  const by = { kind: 'system', id: 'test' } as const
  await askRevoke(world.deps, { grant: goes.grant, by, why: 'over', askedAt: clock.now() })
  await world.look(goes.grant)
  expect(await store.grant(lives.grant)).toMatchObject({ state: 'active' })
  expect(await store.grant(goes.grant)).toMatchObject({ state: 'revoking' })
  await world.close()
})
afterAll(() => current.drop())

// Grants are kept since the second one.
test.each(migrations.map((name, n) => [name, n + 1] as const).slice(1))(
  'grants from when %s was the newest end at their time',
  async (_, count) => {
    const name = `${new URL(current.superuserUrl).pathname.slice(1)}_at_${count}`
    const url = await earlierDatabase(current.superuserUrl, name, count)
    await initialise({ adminUrl: url, passwords: {}, install: installQueues })
    const app = new URL(current.appUrl)
    app.pathname = `/${name}`
    const clock = memoryClock(born + 60_000)
    const world = await serve(app.href, clock)
    try {
      await world.sweep()
      expect((await world.bindings.all()).map(({ grant }) => grant)).toEqual([lives.grant])
      clock.set(lives.endsAt)
      await world.sweep()
      expect(await world.bindings.all()).toEqual([])
      for (const { grant } of [lives, goes])
        expect(await world.deps.store.grant(grant)).toMatchObject({ state: 'ended' })
      await expect
        .poll(() => world.typesOf(lives.grant))
        .toEqual(['grant.intended', 'grant.issued', 'grant.expired'])
      await expect
        .poll(() => world.typesOf(goes.grant))
        .toEqual(['grant.intended', 'grant.issued', 'grant.revoke_intended', 'grant.revoked'])
    } finally {
      await world.close()
      await withClient(current.superuserUrl, (client) => client.query(`drop database ${name} with (force)`))
    }
  },
)

test('what was too long before it was bounded keeps no grant from its end, and no queue from its work', async () => {
  const name = `${new URL(current.superuserUrl).pathname.slice(1)}_long`
  const url = await earlierDatabase(current.superuserUrl, name, 17)
  const long = 'x'.repeat(11_000_000)
  const app = new URL(current.appUrl)
  app.pathname = `/${name}`
  const clock = memoryClock(lives.endsAt)
  try {
    await withClient(url, (client) =>
      client.query("update grants set metadata = json_build_object('a', $1::text), note = $1", [long]),
    )
    await initialise({ adminUrl: url, passwords: {}, install: installQueues })
    const world = await serve(app.href, clock)
    await world.sweep().finally(world.close)
    await withClient(url, async (client) => {
      const { rows } = await client.query('select distinct state from grants')
      expect(rows).toEqual([{ state: 'ended' }])
      const { rows: bounds } = await client.query(
        `select conrelid::regclass::text as table, conname from pg_constraint
         where conname like 'job%data_is_short'`,
      )
      expect(bounds).not.toEqual([])
      for (const { table, conname } of bounds)
        await client.query(`alter table ${table} drop constraint ${conname}`)
      await client.query(
        `insert into pgboss.job (name, data) values ('grant', jsonb_build_object('a', $1::text)), ('grant', '{}')`,
        [long],
      )
    })
    await initialise({ adminUrl: url, passwords: {}, install: installQueues })
    const { rows } = await withClient(url, (client) =>
      client.query("select data from pgboss.job where name = 'grant'"),
    )
    expect(rows).toEqual([{ data: {} }])
  } finally {
    await withClient(current.superuserUrl, (client) => client.query(`drop database ${name} with (force)`))
  }
})

test('what others keep in the schema is left alone, and what was remembered wrongly is put right', async () => {
  const name = `${new URL(current.superuserUrl).pathname.slice(1)}_shared`
  const url = await earlierDatabase(current.superuserUrl, name, 14)
  try {
    await withClient(url, (client) =>
      client.query(`
        create view statistics as select 1::bigint as calls, now() as since;
        create table theirs (id bigint);
        grant select on statistics, theirs to public;
        insert into theirs values (9223372036854775807);
        insert into clouds (provider, look_at, looked_at) values ('aws', 'infinity', '-infinity');
        insert into troubles (what, since) values ('branch 7', 'infinity');
        insert into github_budget (installation, held_until) values (1, 9223372036854775807)`),
    )
    await initialise({ adminUrl: url, passwords: {}, install: installQueues })
    await withClient(url, async (client) => {
      await client.query(`
        update theirs set id = id - 1;
        update clouds set looked_at = now();
        insert into troubles (what, since) values ('branch 7', now());
        insert into github_budget (installation) values (1)`)
      const { rows } = await client.query(`select provider from clouds where look_at <= now()`)
      expect(rows).toEqual([{ provider: 'aws' }])
      await expect(client.query("update clouds set look_at = 'infinity'")).rejects.toThrow('is_read')
    })
  } finally {
    await withClient(current.superuserUrl, (client) => client.query(`drop database ${name} with (force)`))
  }
})
