// Two looks at one grant can share the recorder's batch: of what both would put on record, one alone is.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { endedEvent, issuedEvent } from '../../app/grant/events.ts'
import { createRecorder, moved } from '../../app/reconcile/grant/record.ts'
import type { GrantRow } from '../../app/reconcile/ports/store.ts'
import { requestId } from '../../app/request/id.ts'
import { openDatabase } from '../../app/store/database.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { createStore } from '../../app/store/store.ts'
import { testKeys } from '../support/keys.ts'
import { memoryClock } from '../support/memory/clock.ts'
import { memoryLog } from '../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const clock = memoryClock()
const now = clock.now()
let postgres: TestDatabase
let at: Awaited<ReturnType<typeof start>>

const start = async () => {
  const database = await openDatabase(postgres.appUrl)
  const queue = { wake: async () => undefined }
  const store = createStore({ database, queue, keys: testKeys })
  const ledger = createLedger({ database, keys: testKeys, clock, log: memoryLog(), origin: 'test' })
  return { database, store, ledger, recorder: createRecorder({ store, ledger, queue, keys: testKeys }) }
}

beforeAll(async () => {
  postgres = await createTestDatabase()
  at = await start()
})
afterAll(async () => {
  await at.ledger.stop()
  await at.database.close()
  await postgres.drop()
})

/** A row at version 2. */
const grantOf = async (pull: number): Promise<GrantRow> => {
  const row: GrantRow = {
    ...{ id: requestId(1, pull, 'requests/2027/01/a.yaml'), repository: 1, pull },
    ...{ requester: { id: 1, login: 'alice' }, provider: 'mock', role: 'reader', scope: 'one' },
    ...{ reason: 'INC-1', metadata: {}, state: 'provisioning', bindingKey: `${pull}` },
    ...{ startsAt: now, endsAt: now + 1000, tries: 0, version: 0 },
  }
  for (const version of [0, 1])
    await at.store.transaction((tx) => at.store.saveGrant(tx, { ...row, version }))
  return { ...row, version: 2 }
}
const issued = (row: GrantRow) => ({
  row: { ...row, state: 'active' as const },
  events: [issuedEvent(row, now, 'h', row.endsAt)],
  wake: [],
})
const revoked = (row: GrantRow) => ({
  row: { ...row, state: 'ended' as const },
  events: [endedEvent(row, now, { cause: 'revoked', goneAt: now, kept: [] })],
  wake: [],
})
let batches = 0
/** In one batch, behind one that the recorder takes at once. @returns which were recorded */
const batch = async (...recordings: readonly Parameters<typeof at.recorder>[0][]) => {
  const before = issued(await grantOf(1000 + batches++))
  const [, ...answers] = await Promise.all([before, ...recordings].map((one) => at.recorder(one)))
  const staged = answers.flatMap((one) => (typeof one === 'object' ? one : []))
  await at.ledger.sealed(staged, Date.now() + 10_000)
  return answers.map((one) => one !== moved)
}
const typesOf = async (id: string) => (await at.ledger.history(id)).map(({ event }) => event.type)

test('of two at one version the first is recorded, with its events alone', async () => {
  const row = await grantOf(1)
  expect(await batch(issued(row), revoked(row))).toEqual([true, false])
  expect(await at.store.grant(row.id)).toMatchObject({ version: 3, state: 'active' })
  expect(await typesOf(row.id)).toEqual(['grant.issued'])
})

test.each([
  [2, 'before'],
  [3, 'behind'],
] as const)('a stale one (%i) %s it is never recorded', async (pull, where) => {
  const row = await grantOf(pull)
  const [stale, fresh] = [issued({ ...row, version: 1 }), revoked(row)]
  const first = where === 'before'
  expect(await batch(...(first ? [stale, fresh] : [fresh, stale]))).toEqual([!first, first])
  expect(await at.store.grant(row.id)).toMatchObject({ version: 3, state: 'ended' })
  expect(await typesOf(row.id)).toEqual(['grant.revoked'])
})

test('where only a stale one is there, nothing is', async () => {
  const row = await grantOf(4)
  const stale = { ...row, version: 1 }
  expect(await batch(issued(stale), revoked(stale))).toEqual([false, false])
  expect(await typesOf(row.id)).toEqual([])
})
