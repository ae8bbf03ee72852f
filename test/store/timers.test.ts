import { expect, test } from 'vitest'
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
