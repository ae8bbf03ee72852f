import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBranchReconciler } from '../../app/reconcile/branch.ts'
import { createPullReconciler } from '../../app/reconcile/pull-request.ts'
import { requestId } from '../../app/request/id.ts'
import { until } from '../../app/sandbox/until.ts'
import { openDatabase } from '../../app/store/database.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { createStore } from '../../app/store/store.ts'
import { withClient } from '../support/client.ts'
import { testKeys } from '../support/keys.ts'
import { accessWorld, filePath, requestFile } from '../support/memory/access-world.ts'
import { repositoryId } from '../support/memory/hub.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const elsewhere = 654_321
let postgres: TestDatabase
let meet: () => Promise<void> = async () => undefined
const world = accessWorld({
  others: [elsewhere],
  deny: async ({ request, activeGrants }) => {
    await meet()
    return activeGrants.some(({ role }) => role !== request.role) ? ['not both'] : []
  },
})
const replica = async () => {
  const database = await openDatabase(postgres.appUrl)
  const queue = { ...world.deps.queue, wake: async () => undefined }
  const store = createStore({ database, queue, keys: testKeys })
  const { clock, log } = world.deps
  const ledger = createLedger({ database, keys: testKeys, clock, log, origin: 'test' })
  return {
    store,
    ledger,
    branch: createBranchReconciler({ ...world.deps, keys: testKeys, queue, store, ledger }),
    reconciler: createPullReconciler({ ...world.deps, keys: testKeys, queue, store, ledger }),
  }
}
let replicas: readonly Awaited<ReturnType<typeof replica>>[] = []

beforeAll(async () => {
  postgres = await createTestDatabase()
  replicas = [await replica(), await replica()]
})
afterAll(async () => {
  for (const { ledger, store } of replicas) {
    await ledger.stop()
    await store.close()
  }
  await postgres.drop()
})

/** Advisory locks that somebody waits for in this database. */
const waiting = () =>
  withClient(postgres.superuserUrl, async (client) => {
    const { rows } = await client.query(
      `select 1 from pg_locks where locktype = 'advisory' and not granted
       and database = (select oid from pg_database where datname = current_database())`,
    )
    return rows.length > 0
  })

test('what two replicas share waits for nobody but who takes it alone, who waits for both', async () => {
  const [one, two] = replicas
  if (one === undefined || two === undefined) throw new Error('no replicas')
  const key = 'branch:share'
  const done: string[] = []
  let held = 0
  const sharing = ({ store }: typeof one) =>
    store.transaction(async (tx) => {
      await store.share(tx, key)
      held += 1
      await until('both to share it, and somebody to wait for it alone', async () => held === 2 && waiting())
      done.push('shared')
    })
  const shared = [sharing(one), sharing(two)]
  await until('both to share it', async () => held === 2)
  const alone = one.store.transaction(async (tx) => {
    await one.store.serialise(tx, key)
    done.push('alone')
  })
  await Promise.all([...shared, alone])
  expect(done).toEqual(['shared', 'shared', 'alone'])
})

test.each(['alice', 'carol'] as const)(
  'two replicas decide two merges about %s in two repositories one after the other',
  async (person) => {
    const [one, two] = replicas
    if (one === undefined || two === undefined) throw new Error('no replicas')
    const ask = async (id: number, role: string) => {
      const hub = world.hubOf(id)
      const file = requestFile(role, undefined, role).replace('alice', person)
      hub.push(person, { [filePath(person)]: file }, person)
      const pull = hub.open(person, person)
      hub.review(pull, 'bob')
      await hub.merge(pull, person)
      for (const { delivery } of hub.sent.splice(0)) await one.store.acceptDelivery(delivery, [])
      return { id, pull }
    }
    const here = await ask(repositoryId, 'reader')
    const there = await ask(elsewhere, 'writer')
    // Whoever is first to ask the policies decides once the other has come as far as it can.
    let asked = 0
    meet = async () => {
      if (++asked > 1) return
      await until('the other to ask too, or to wait', async () => asked > 1 || (await waiting()))
    }
    const [first, second] = person === 'alice' ? [here, there] : [there, here]
    await Promise.all([
      one.reconciler.look(`${first.id}:${first.pull}`),
      two.reconciler.look(`${second.id}:${second.pull}`),
    ])
    const rows = [
      ...(await one.store.requestsOfPull(here.id, here.pull)),
      ...(await one.store.requestsOfPull(there.id, there.pull)),
    ]
    expect(rows.map(({ state }) => state).toSorted()).toEqual(['granted', 'refused'])
    const granted = rows.filter(({ state }) => state === 'granted')
    for (const { id } of rows) {
      const types = (await one.ledger.history(id)).map(({ event }) => event.type)
      expect(types.includes('grant.intended')).toBe(granted.some((row) => row.id === id))
    }
  },
)

test('rows filed under other requests keep the branch from revoking nothing', async () => {
  const [one] = replicas
  if (one === undefined) throw new Error('no replicas')
  meet = async () => undefined
  const [granted] = (await one.store.status({})).filter(({ grant }) => grant !== undefined)
  if (granted === undefined) throw new Error('nothing was granted')
  const { repository, path, id } = granted.request
  const hub = world.hubOf(repository)
  hub.push('main', { [path]: undefined, [filePath('x')]: requestFile('x') }, 'carol')
  await withClient(postgres.superuserUrl, async (client) => {
    await client.query('alter table audit_events disable trigger all')
    for (const [seq, under] of [id, requestId(repository, 0, filePath('x'))].entries())
      await client.query('update audit_events set request_id = $1 where seq = $2', [under, seq + 1])
    await client.query('alter table audit_events enable trigger all')
  })
  await one.branch.look(String(repository))
  expect(await one.store.revokeAsked(id)).toMatchObject({ why: `${path} changed or left main` })
})
