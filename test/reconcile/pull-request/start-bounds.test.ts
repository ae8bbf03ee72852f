// A start that PostgreSQL does not hold is a fault of the file: kept as a moment it would end every look at the pull
// request with an error, without a check, and a merge of it without a verdict.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPullReconciler } from '../../../app/reconcile/pull-request.ts'
import { type Database, openDatabase } from '../../../app/store/database.ts'
import { createLedger } from '../../../app/store/ledger/ledger.ts'
import { createStore } from '../../../app/store/store.ts'
import { testKeys } from '../../support/keys.ts'
import { accessWorld, filePath, requestFile } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

let postgres: TestDatabase
let database: Database
const world = accessWorld()
beforeAll(async () => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl)
})
afterAll(async () => {
  await database.close()
  await postgres.drop()
})

test.each(['0000-01-01T00:00:00Z', '0000-01-01T00:00:00+01:00', '9999-12-31T23:59:59-23:59'])(
  'a start at %s is denied, and its merge by an administrator refused and told',
  async (start) => {
    const queue = { ...world.deps.queue, wake: async () => undefined }
    const store = createStore({ database, queue, keys: testKeys })
    const { clock, log } = world.deps
    const ledger = createLedger({ database, keys: testKeys, clock, log, origin: 'test' })
    const { look } = createPullReconciler({ ...world.deps, keys: testKeys, queue, store, ledger })
    const slug = start.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')
    const [bad, good] = [`bad-${slug}`, `good-${slug}`]
    world.push(
      slug,
      { [filePath(bad)]: `${requestFile()}  startsAt: ${start}\n`, [filePath(good)]: requestFile() },
      'alice',
    )
    const pull = world.open(slug, 'alice')
    const states = async () => (await store.requestsOfPull(repositoryId, pull)).map(({ state }) => state)
    const seen = async () => {
      for (const { delivery } of world.sent.splice(0)) await store.acceptDelivery(delivery, [])
      await look(`${repositoryId}:${pull}`)
    }
    await seen()
    expect(await states()).toEqual(['denied', 'pending'])
    expect((await store.pull(repositoryId, pull))?.decision?.verdict).toBe('denied')

    await world.merge(pull, 'carol')
    await seen()
    expect(await states()).toEqual(['refused', 'refused'])
    const rows = await store.requestsOfPull(repositoryId, pull)
    const types = await Promise.all(rows.map(async ({ id }) => (await ledger.history(id)).at(-1)?.event.type))
    expect(types).toEqual(['grant.refused', 'grant.refused'])
    expect(world.alerts().slice(-2)).toEqual(['grant.refused', 'grant.refused'])
    await ledger.stop()
  },
)
