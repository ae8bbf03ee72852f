import { sql } from 'slonik'
import { describe, expect, test } from 'vitest'
import { bare, database, stageStore, store } from './stage.ts'

stageStore()

describe('transactions', () => {
  test('what rolls back leaves nothing, and reads inside see what was written inside', async () => {
    await expect(
      store.transaction(async (tx) => {
        await store.saveRequest(tx, bare)
        expect(await store.request(bare.id)).toBeDefined()
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await store.request(bare.id)).toBeUndefined()
  })

  test('more transactions than connections, each reading inside, do not wait for each other', async () => {
    await Promise.all(
      Array.from({ length: 40 }, () =>
        store.transaction(async () => {
          await database.run.query(sql.unsafe`select pg_sleep(0.005)`)
          return store.request(bare.id)
        }),
      ),
    )
  })

  test('serialise lets one at a time through', async () => {
    let inside = 0
    let most = 0
    await Promise.all(
      Array.from({ length: 6 }, () =>
        store.transaction(async (tx) => {
          await store.serialise(tx, 'person 1001')
          inside += 1
          most = Math.max(most, inside)
          await database.run.query(sql.unsafe`select pg_sleep(0.005)`)
          inside -= 1
        }),
      ),
    )
    expect(most).toBe(1)
  })
})
