import { beforeEach, describe, expect, test } from 'vitest'
import type { Store } from '../../app/reconcile/ports/store.ts'
import { keptIntents } from '../../app/store/ledger/kept-intents.ts'
import { stage, waitingEvents } from '../../app/store/ledger/stage.ts'
import { createStandingReader } from '../../app/store/ledger/standing.ts'
import { lastVouched } from '../../app/store/ledger/vouched.ts'
import { createStore } from '../../app/store/store.ts'
import { withClient } from '../support/client.ts'
import { database, databaseEach, postgres } from '../support/database-each.ts'
import { testEvent } from '../support/events.ts'
import { testKeys } from '../support/keys.ts'
import { memoryClock } from '../support/memory/clock.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryLog } from '../support/memory/log.ts'
import { sealEvents } from '../support/sealed.ts'
import { delivery, now } from './stage.ts'

/**
 * Whatever lies in a row that we vouch for is under its MAC or its signature, or is named here with the reason why not: a
 * new column has to be decided upon.
 */
databaseEach()
let store: Store
beforeEach(() => {
  store = createStore({
    database,
    queue: { wake: async () => undefined },
    keys: testKeys,
    limits: { perMinute: 3, perHour: 5 },
  })
})

const origin = 'test-instance'
const derived = "read from the event's bytes, compared by verify"
type Vouched = {
  readonly inside: readonly string[]
  /** Why not, by column. */
  readonly outside: Readonly<Record<string, string>>
  /** Writes one row as the service does. */
  readonly put: () => Promise<unknown>
  /** Whether the service believes that row, wherever it lies now. */
  readonly holds: () => Promise<boolean>
}

const standing = async (): Promise<{
  readonly keep: () => Promise<void>
  readonly forged: () => boolean
}> => {
  const log = memoryLog()
  const reader = createStandingReader({ database, keys: testKeys, clock: memoryClock(), log, origin })
  await reader.standing()
  return { keep: reader.keep, forged: () => log.lines.some(({ message }) => message.endsWith('_forged')) }
}
const only = async <T>(statement: string): Promise<T> =>
  withClient(postgres.superuserUrl, async (client) => (await client.query(statement)).rows[0] as T)

const tables: Readonly<Record<string, Vouched>> = {
  audit_events: {
    inside: ['seq', 'chain'],
    outside: {
      body: 'hashed into the leaf',
      leaf: 'hashed into the chain',
      ...Object.fromEntries(
        [
          ...['type', 'at', 'actor_kind', 'actor_id', 'actor_login', 'request_id', 'grant_id'],
          ...['repo_id', 'pull', 'commit'],
        ].map((name) => [name, derived]),
      ),
    },
    put: () => sealEvents(database, origin, [testEvent(1)]),
    holds: async () => (await lastVouched(database.run, { keys: testKeys, origin })).vouched.seq > 0,
  },
  deliveries: {
    inside: ['guid', 'event', 'body', 'received_at', 'repository', 'pull', 'ref'],
    outside: {},
    put: () => store.acceptDelivery(delivery('one', { ref: 'main' }), []),
    holds: async () => {
      const { repository, pull, event } = await only<{ repository: number; pull: number; event: string }>(
        'select repository::int, pull::int, event from deliveries',
      )
      return (await store.deliveriesOfPull(repository, pull, [event])).valid.length === 1
    },
  },
  kept_intents: {
    inside: ['seq', 'intent'],
    outside: {},
    put: () =>
      database.transaction((tx) => {
        const open = [{ intent: anIntent(1, 0), seq: 1, stage: 'intended', blocked: false } as const]
        return keptIntents(database, testKeys, memoryLog()).keep(tx, open, 1)
      }),
    holds: async () => {
      const { seq } = await only<{ seq: number }>('select seq::int from kept_intents')
      return (await keptIntents(database, testKeys, memoryLog()).of([seq])).size === 1
    },
  },
  ledger_staged: {
    inside: ['body'],
    outside: {
      id: 'the order in which what is staged is sealed; who changes it could as well delay it',
      refused:
        'holds an event back, as deleting it does; one that is ours is sealed whatever it says elsewhere',
    },
    put: () => database.transaction((tx) => stage(tx, testKeys, testEvent(1))),
    holds: async () => (await waitingEvents(database, testKeys, testEvent(1).type)).length === 1,
  },
  ledger_standing: {
    inside: ['kept'],
    outside: {
      id: 'there is one row, and it is always true',
      seq: 'for people; the one that counts is among what is kept',
    },
    put: async () => {
      await sealEvents(database, origin, [testEvent(1)])
      await (await standing()).keep()
    },
    holds: async () => !(await standing()).forged(),
  },
  override_asks: {
    inside: ['repository', 'name', 'by_id', 'by_login', 'seconds', 'asked_at'],
    outside: {},
    put: () =>
      database.transaction((tx) =>
        store.putOverrideAsk(tx, {
          ...{ repository: 1, policy: 'prod', by: { id: 1005, login: 'erin' }, seconds: 60, askedAt: now },
        }),
      ),
    holds: async () => {
      const { repository, name } = await only<{ repository: number; name: string }>(
        'select repository::int, name from override_asks',
      )
      return (await store.overrideAsks(repository, name)).valid.length === 1
    },
  },
  policies: {
    inside: ['repository', 'name', 'override_until', 'override_by'],
    outside: {
      type: 'what is evaluated is read from the accepted commit; this is for people',
      enabled: 'set by hand it disables nothing alone: a request must pass with and without (5.4)',
    },
    put: () =>
      database.transaction(async (tx) => {
        await store.recordPolicies(tx, 1, [{ name: 'prod', type: 'APPROVAL' }])
        await store.startOverride(tx, { repository: 1, policy: 'prod', until: now + 1_000, by: [1, 2] })
      }),
    holds: async () => {
      const { repository } = await only<{ repository: number }>('select repository::int from policies')
      return (await store.disabledPolicies(now, repository)).overridden.length === 1
    },
  },
  revoke_asks: {
    inside: ['grant_id', 'by_kind', 'by_id', 'by_login', 'why', 'asked_at'],
    outside: {},
    put: () =>
      database.transaction((tx) => {
        const by = { kind: 'user', id: '1001', login: 'alice' } as const
        return store.askRevoke(tx, { grant: anIntent(1, 0).grant, by, why: 'over', askedAt: now })
      }),
    holds: async () => {
      const { grant } = await only<{ grant: string }>('select grant_id as grant from revoke_asks')
      return (await store.revokeAsked(grant)) !== 'forged'
    },
  },
}

/** Signed as a whole, by keys that the database does not have. */
const signed: Readonly<Record<string, Pick<Vouched, 'inside' | 'outside'>>> = {
  checkpoints: {
    inside: ['note'],
    outside: {
      size: 'what the note says counts; a row that says otherwise is passed over, and a fault of verify',
      made_at: 'only says where segments are cut; what a checkpoint is over is in its note',
    },
  },
  key_rotations: {
    inside: ['note'],
    outside: { id: 'the order does not matter: each is followed from its old key' },
  },
}
const ofMacs = /(^|_)(mac|mac_key)$/

test('every column of what is under a MAC or signed is vouched for, or outside for a reason', async () => {
  const { all } = await only<{ all: { table: string; name: string }[] }>(
    `select json_agg(json_build_object('table', table_name, 'name', column_name)) as all
     from information_schema.columns where table_schema = 'public'`,
  )
  const there = Map.groupBy(all, ({ table }) => table)
  const withMac = [...there].flatMap(([table, columns]) =>
    columns.some(({ name }) => ofMacs.test(name)) ? [table] : [],
  )
  expect(withMac.sort()).toEqual(Object.keys(tables).sort())
  for (const [table, { inside, outside }] of Object.entries({ ...tables, ...signed })) {
    const names = (there.get(table) ?? []).map(({ name }) => name).filter((name) => !ofMacs.test(name))
    expect({ table, names: names.sort() }).toEqual({
      table,
      names: [...inside, ...Object.keys(outside)].sort(),
    })
  }
})

/** Another value of a column's type. */
const other: Readonly<Record<string, (name: string) => string>> = {
  text: (name) => `${name} || 'x'`,
  bytea: (name) => `${name} || '\\x20'::bytea`,
  bigint: (name) => `${name} + 1`,
  'timestamp with time zone': (name) => `${name} + interval '1 millisecond'`,
  ARRAY: (name) => `${name} || 7::bigint`,
}
const besides: Readonly<Record<string, string>> = { 'revoke_asks.by_kind': "'system'" }

describe.each(Object.entries(tables))('%s', (table, { inside, put, holds }) => {
  test.each(inside)('is not believed with another %s', async (name) => {
    await put()
    expect(await holds()).toBe(true)
    const { type } = await only<{ type: string }>(
      `select data_type as type from information_schema.columns where table_name = '${table}' and column_name = '${name}'`,
    )
    const value = besides[`${table}.${name}`] ?? other[type]?.(name)
    expect(value).toBeDefined()
    await withClient(postgres.ownerUrl, (client) => client.query(`update ${table} set ${name} = ${value}`))
    expect(await holds()).toBe(false)
  })
})
