import { expect, test } from 'vitest'
import { stage } from '../../app/store/ledger/stage.ts'
import { metricFacts } from '../../app/store/metric-facts.ts'
import { testEvent } from '../support/events.ts'
import { testKeys } from '../support/keys.ts'
import { database, grant, inTransaction, now, owner, stageStore, store } from './stage.ts'

stageStore()

const facts = () => metricFacts(database)

test('nothing there', async () => {
  expect(await facts()).toEqual({
    grants: {},
    ledgerLag: { count: 0 },
    clouds: [],
  })
})

test('when each cloud was last compared', async () => {
  await store.knowClouds(['aws', 'gcp'], now)
  await store.cloudLooked('aws', now + 5)
  expect((await facts()).clouds).toEqual([{ provider: 'aws', lookedAt: now + 5 }, { provider: 'gcp' }])
})

test('grants by state', async () => {
  const id = (n: number) => `req_${String(n).padStart(26, '0')}` as const
  for (const [n, state] of (['active', 'active', 'quarantined', 'ended', 'revoking'] as const).entries())
    await inTransaction((tx) => store.saveGrant(tx, { ...grant, id: id(n), state }))
  expect(await facts()).toMatchObject({
    grants: { active: 2, quarantined: 1, ended: 1, revoking: 1 },
  })
})

test('what is staged and not sealed, and since when; what was refused is not waited for', async () => {
  const staged = (n: number) => testEvent(n, { at: new Date(now - n * 1_000).toISOString() })
  for (const n of [9, 4, 2]) await inTransaction((tx) => stage(tx, testKeys, staged(n), []))
  await owner('update ledger_staged set refused = true where id = (select min(id) from ledger_staged)')
  expect(await facts()).toMatchObject({ ledgerLag: { count: 2, oldest: now - 4_000 } })
  await owner("update ledger_staged set body = 'no event' where not refused")
  expect((await facts()).ledgerLag).toEqual({ count: 2 })
})
