import { afterAll, beforeAll, expect, test } from 'vitest'
import { boundCalls } from '../../app/provider/calls.ts'
import { createKubernetes } from '../../app/provider/kubernetes/kubernetes.ts'
import { limitCalls } from '../../app/provider/limits.ts'
import type { Provider } from '../../app/provider/port.ts'
import { createQueue } from '../../app/queue/queue.ts'
import { openGrant } from '../../app/reconcile/grant/open.ts'
import { createGrantReconciler } from '../../app/reconcile/grant.ts'
import type { Queue } from '../../app/reconcile/ports/queue.ts'
import { wakeDebt } from '../../app/reconcile/wake-debt.ts'
import { until } from '../../app/sandbox/until.ts'
import { type Database, executeWithin, openDatabase } from '../../app/store/database.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { statementName } from '../../app/store/prepared.ts'
import { createStore } from '../../app/store/store.ts'
import { testKeys } from '../support/keys.ts'
import { kubernetesWorld } from '../support/kubernetes.ts'
import { memoryLog } from '../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const count = 150
const minute = 60_000
const log = memoryLog()
let postgres: TestDatabase
let database: Database
let queue: Queue
let kubernetes: Awaited<ReturnType<typeof kubernetesWorld>>

beforeAll(async () => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl)
  queue = await createQueue({
    databaseUrl: postgres.appUrl,
    execute: executeWithin,
    nameOf: statementName,
    log,
    batches: 1,
  })
  kubernetes = await kubernetesWorld()
})
afterAll(async () => {
  await queue.stop()
  await database.close()
  await postgres.drop()
  await kubernetes.cluster.close()
})

test('a cluster was away while grants ended: when it answers again they go at once, in order of age', async () => {
  const { clock, cluster, production } = kubernetes
  const store = createStore({ database, queue, keys: testKeys })
  const ledger = createLedger({ database, keys: testKeys, clock, log, origin: 'test' })
  const gone: string[] = []
  const back: Promise<void>[] = []
  const limited = limitCalls(
    createKubernetes({ clusters: [production], instance: 'ours', clock, offered: async () => [] }),
    { each: 8, most: 32 },
    (account) => void back.push(wakeDebt({ ledger, queue, clock }, limited, account)),
  )
  const bound = boundCalls(limited, { clock, log })
  const provider: Provider = {
    ...bound,
    async remove(intent, call) {
      const answer = await bound.remove(intent, call)
      gone.push(intent.grant)
      return answer
    },
  }
  const deps = {
    clock,
    log,
    keys: testKeys,
    queue,
    store,
    ledger,
    providers: new Map([['kubernetes', provider]]),
    settings: { grantWindowMs: 60 * minute },
  }
  // Made in another order than they end in.
  const intents = Array.from({ length: count }, (_, n) =>
    kubernetes.intent(n + 1, { endsAt: clock.now() + 20 * minute + ((n * 47) % count) * 1000 }),
  )
  const oldest = intents.toSorted((a, b) => a.endsAt - b.endsAt).map(({ grant }) => grant)
  const rows = async () => Promise.all(intents.map(({ grant }) => store.grant(grant)))
  const all = async (state: string, tries = 0) =>
    (await rows()).every((row) => row?.state === state && row.tries >= tries)
  const dueNow = async () =>
    queue.wake((await store.due(clock.now(), 1000)).map(({ lookAt: _, ...wakeUp }) => wakeUp))

  const staged = await store.transaction(async (tx) => {
    const opened: string[] = []
    for (const intent of intents)
      opened.push(await openGrant(tx, deps, intent, { metadata: {}, now: clock.now() }))
    return opened
  })
  await ledger.sealed(staged, clock.now() + minute)
  const reconciler = createGrantReconciler(deps)
  let under = 0
  let most = 0
  await queue.work('grant', async (key, signal) => {
    most = Math.max(most, ++under)
    await reconciler.look(key, signal).finally(() => under--)
  })
  await until('all to be active', () => all('active'))

  const heal = cluster.faults.plan({ answer: 'unavailable' })
  clock.advance(80 * minute)
  await dueNow()
  await until('each to be tried in vain', () => all('revoking', 1))
  expect(gone).toEqual([])
  heal()
  most = 0
  // Nothing is due: the youngest alone is tried, until the cluster is no longer left alone.
  const first = oldest.at(-1)
  if (first === undefined) throw new Error('no grants')
  await until('the cluster to be back', async () => {
    if (back.length === 0) await queue.wake([{ queue: 'grant', key: first, urgent: clock.now() }])
    return back.length > 0
  })
  await until('all to be gone', () => all('ended'))
  await Promise.all(back)

  expect(gone[0]).toBe(first)
  const rest = oldest.slice(0, -1)
  expect(new Set(gone.slice(1))).toEqual(new Set(rest))
  // Whoever went before somebody older did so while that one was under way.
  const ages = new Map<string, number>(rest.map((grant, at) => [grant, at]))
  const ahead = gone.slice(1).map((grant, at) => (ages.get(grant) ?? 0) - at)
  expect(Math.max(...ahead)).toBeLessThanOrEqual(most)
  expect(back).toHaveLength(1)
  await ledger.stop()
}, 300_000)
