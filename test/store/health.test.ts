import { expect, test } from 'vitest'
import { owner, stageStore, store } from './stage.ts'

stageStore()

test('health names migrations that are missing', async () => {
  expect(await store.health()).toEqual([])
  await owner("delete from schema_migrations where name = '0002_requests_and_grants'")
  expect(await store.health()).toEqual(['0002_requests_and_grants'])
})
