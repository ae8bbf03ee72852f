import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { bare, decision, grant, inTransaction, now, stageStore, store } from './stage.ts'

stageStore()

test('timers: what is due, the longest first, once, after the moment that was seen', async () => {
  await inTransaction(async (tx) => {
    await store.saveRequest(tx, { ...bare, repository: 1, lookAt: now - 2 })
    await store.savePull(tx, {
      repository: 1,
      pull: 7,
      headSha: 'a',
      open: true,
      draft: false,
      decision,
      lookAt: now - 1,
    })
    await store.saveGrant(tx, { ...grant, lookAt: now - 3 })
    await store.saveProjection({ repository: 1, pull: 8, asked: [], lookAt: now + 50 })
  })
  expect(await store.due(now, 10)).toEqual([
    { queue: 'grant', key: grant.id, lookAt: now - 3 },
    { queue: 'pull-request', key: '1:7', lookAt: now - 2 },
  ])
  expect(await store.due(now, 1)).toHaveLength(1)
  expect(await store.due(now, 10, now - 2)).toEqual([{ queue: 'pull-request', key: '1:7', lookAt: now - 1 }])
  expect(await store.nextLookAt()).toBe(now - 3)
  expect(await store.nextLookAt(now)).toBe(now + 50)
  expect(await store.nextLookAt(now + 50)).toBeUndefined()
})

test('timers: what is past its end is urgent since its end, what is revoked ahead of it since that was asked; what was tried is owed', async () => {
  const idOf = (n: number) => requestId(1, 40 + n, 'requests/a.yaml')
  const of = (n: number) => ({ ...grant, id: idOf(n), lookAt: now - n })
  const by = { kind: 'user', id: '1', login: 'alice' } as const
  await inTransaction(async (tx) => {
    await store.saveGrant(tx, { ...of(1), state: 'active', endsAt: now - 500 })
    await store.saveGrant(tx, { ...of(2), state: 'revoking', endsAt: now + 500 })
    await store.askRevoke(tx, { grant: idOf(2), by, why: 'over', askedAt: now - 70 })
    await store.saveGrant(tx, { ...of(3), state: 'quarantined', endsAt: now + 500 })
    await store.saveGrant(tx, { ...of(4), state: 'active', endsAt: now + 500 })
    await store.saveGrant(tx, { ...of(5), state: 'revoking', endsAt: now - 500, tries: 2 })
  })
  const due = new Map((await store.due(now, 10)).map((one) => [one.key, one]))
  expect([1, 2, 3, 4, 5].map((n) => due.get(idOf(n))?.urgent)).toEqual([
    now - 500,
    now - 70,
    now,
    undefined,
    now - 500,
  ])
  expect([...due.values()].filter(({ owed }) => owed).map(({ key }) => key)).toEqual([idOf(5)])
})
