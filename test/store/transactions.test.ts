import { sql } from 'slonik'
import { describe, expect, test } from 'vitest'
import { held as busy } from '../../app/reconcile/ports/store.ts'
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
      store.alone([key], 60_000, async () => {
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

  test('who holds what others want keeps them for as long as they would wait, and nothing of theirs is held then', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const inside = Promise.withResolvers<void>()
    const hanging = store.alone(['binding 0'], 60_000, async () => {
      inside.resolve()
      await held
      return 'done'
    })
    await inside.promise
    const never = async () => expect.unreachable()
    expect(await store.alone(['opening 0', 'binding 0'], 50, never)).toBe(busy)
    expect(await store.alone(['opening 0'], 60_000, async () => 'free')).toBe('free')
    release()
    expect(await hanging).toBe('done')
    expect(await store.alone(['opening 0', 'binding 0'], 60_000, async () => 'mine')).toBe('mine')
  })
})
