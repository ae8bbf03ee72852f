import { afterAll, beforeAll, expect, test } from 'vitest'
import { askOverride, createPolicyWatch, endOverrides } from '../../app/reconcile/overrides.ts'
import type { Settings } from '../../app/reconcile/ports/settings.ts'
import { type Database, openDatabase } from '../../app/store/database.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { createStore } from '../../app/store/store.ts'
import { withClient } from '../support/client.ts'
import { testKeys } from '../support/keys.ts'
import { memoryClock } from '../support/memory/clock.ts'
import { memoryLog } from '../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let postgres: TestDatabase
let database: Database
beforeAll(async () => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl)
})
afterAll(async () => {
  await database.close()
  await postgres.drop()
})

/** Two administrators over one repository's policies. */
const open = () => {
  const [clock, log] = [memoryClock(), memoryLog()]
  const nothing = async () => undefined
  const queue = { wake: nothing, work: nothing, stop: nothing }
  const ledger = createLedger({ database, keys: testKeys, clock, log, origin: 'test' })
  const store = createStore({ database, queue, keys: testKeys })
  const settings = { administrators: [1, 2], repositories: new Map([[7, {}]]) } as unknown as Settings
  return { clock, log, store, ledger, keys: testKeys, queue, settings }
}

test('an override whose time is over ends once, however many see that at the same time', async () => {
  const deps = open()
  const { clock, store, ledger } = deps
  await store.transaction((tx) => store.recordPolicies(tx, 7, [{ name: 'two', type: 'APPROVAL' }]))
  for (const id of [1, 2])
    await askOverride(deps, { repository: 7, policy: 'two', seconds: 60, by: { id, login: `admin-${id}` } })
  clock.advance(60_000)
  await Promise.all([endOverrides(deps), endOverrides(deps), endOverrides(deps)])
  const waiting = await ledger.waiting('policy.overridden')
  expect(waiting.map(({ data }) => data.phase)).toEqual(['ended'])
  expect(await store.disabledPolicies(clock.now(), 7)).toMatchObject({ expired: [], overridden: [] })
  await ledger.stop()
})

test('a policy disabled by hand is alerted once, and again when it happens again; an override is not', async () => {
  const deps = open()
  const { log, store, ledger } = deps
  const names = ['one', 'other', 'overridden']
  const listed = names.map((name) => ({ name, type: 'APPROVAL' }) as const)
  await store.transaction((tx) => store.recordPolicies(tx, 7, listed))
  for (const id of [1, 2])
    await askOverride(deps, {
      repository: 7,
      policy: 'overridden',
      seconds: 60,
      by: { id, login: `admin-${id}` },
    })
  const hand = (name: string, enabled: boolean) =>
    withClient(postgres.appUrl, (client) =>
      client.query('update policies set enabled = $1 where name = $2', [enabled, name]),
    )
  const told = () =>
    log.lines
      .filter(({ message }) => message === 'policy.disabled_by_hand')
      .map(({ level, fields }) => [level, fields])
  const watch = createPolicyWatch(deps)
  const [one, other] = ['one', 'other'].map((policy) => ['alert', { repository: 7, policy }])
  await watch()
  expect(told()).toEqual([])
  await hand('one', false)
  await watch()
  await watch()
  expect(told()).toEqual([one])
  await hand('other', false)
  await hand('one', true)
  await watch()
  expect(told()).toEqual([one, other])
  await hand('one', false)
  await watch()
  expect(told()).toEqual([one, other, one])
  await ledger.stop()
})
