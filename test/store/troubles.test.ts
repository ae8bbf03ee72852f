import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Store } from '../../app/reconcile/ports/store.ts'
import { openDatabase } from '../../app/store/database.ts'
import { troubles } from '../../app/store/troubles.ts'
import { memoryTroubles } from '../support/memory/troubles.ts'
import { createTestDatabase } from '../support/postgres.ts'

type Under = {
  readonly store: Pick<Store, 'troubled' | 'troubleTold' | 'untroubled'>
  close(): Promise<void>
}

const stores: Readonly<Record<string, () => Promise<Under>>> = {
  'in memory': async () => ({ store: memoryTroubles(), close: async () => undefined }),
  'on PostgreSQL': async () => {
    const postgres = await createTestDatabase()
    const database = await openDatabase(postgres.appUrl)
    const close = async () => {
      await database.close()
      await postgres.drop()
    }
    return { store: troubles(database), close }
  },
}

describe.each(Object.entries(stores))('troubles %s', (_, open) => {
  const now = 1_800_000_000_000
  let at: Under
  beforeAll(async () => {
    at = await open()
  })
  afterAll(() => at.close())

  test('are known from the first on, and told, until they are over', async () => {
    const { store } = at
    expect(await store.troubled('a', now)).toEqual({ since: now, told: false })
    expect(await store.troubled('a', now + 5)).toEqual({ since: now, told: false })
    await store.troubleTold('a')
    expect(await store.troubled('a', now + 9)).toEqual({ since: now, told: true })
    expect(await store.troubled('b', now + 9)).toEqual({ since: now + 9, told: false })
    await store.untroubled('a')
    await store.untroubled('nothing')
    expect(await store.troubled('a', now + 20)).toEqual({ since: now + 20, told: false })
  })
})
