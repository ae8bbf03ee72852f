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

  test('what is held alone is held against everybody, and keeps no connection from who works', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const keys = Array.from({ length: 16 }, (_, n) => `binding ${n}`)
    const order: string[] = []
    const holding = keys.map((key) =>
      store.alone(key, async () => {
        order.push(key)
        // On a connection of its own, like whatever others ask.
        await database.run.query(sql.unsafe`select 1`)
        await held
      }),
    )
    await expect.poll(() => order.length).toBe(16)
    const other = store.transaction(async (tx) => {
      await store.serialise(tx, 'binding 0')
      order.push('after')
    })
    await Promise.all(Array.from({ length: 9 }, () => store.transaction(() => store.request(bare.id))))
    expect(order).not.toContain('after')
    release()
    await Promise.all([...holding, other])
    expect(order.at(-1)).toBe('after')
  })
})
