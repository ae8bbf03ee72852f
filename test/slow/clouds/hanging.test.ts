import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Intent } from '../../../app/grant/intent.ts'
import type { Provider } from '../../../app/provider/port.ts'
import { createQueue } from '../../../app/queue/queue.ts'
import { openGrant } from '../../../app/reconcile/grant/open.ts'
import { createGrantReconciler } from '../../../app/reconcile/grant.ts'
import type { Queue } from '../../../app/reconcile/ports/queue.ts'
import { askRevoke } from '../../../app/reconcile/revoke.ts'
import { until } from '../../../app/sandbox/until.ts'
import { type Database, executeWithin, openDatabase } from '../../../app/store/database.ts'
import { createLedger } from '../../../app/store/ledger/ledger.ts'
import { statementName } from '../../../app/store/prepared.ts'
import { createStore } from '../../../app/store/store.ts'
import { azureWorld } from '../../support/azure.ts'
import { identityCenterWorld } from '../../support/identity-center.ts'
import { testKeys } from '../../support/keys.ts'
import { memoryLog } from '../../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../../support/postgres.ts'

/** The same cloud, whose removals are given up only when `signal` says so, however slow the machine is. */
const patient = (cloud: Provider, signal: AbortSignal, givenUp: () => void): Provider => ({
  ...cloud,
  remove: (intent, call) =>
    signal.aborted
      ? cloud.remove(intent, call)
      : cloud.remove(intent, { ...call, deadline: Number.MAX_SAFE_INTEGER, signal }).finally(givenUp),
})

const log = memoryLog()
let postgres: TestDatabase
let database: Database
let queue: Queue
let azure: Awaited<ReturnType<typeof azureWorld>>
let aws: Awaited<ReturnType<typeof identityCenterWorld>>

beforeAll(async () => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl)
  queue = await createQueue({
    databaseUrl: postgres.appUrl,
    execute: executeWithin,
    nameOf: statementName,
    log,
  })
  azure = await azureWorld('role_assignment')
  aws = await identityCenterWorld()
})
afterAll(async () => {
  await queue.stop()
  await database.close()
  await postgres.drop()
  await Promise.all([azure.azure.close(), aws.aws.close()])
})

test('an Azure that hangs delays no revocation on AWS; its own come when it is back', async () => {
  const { clock } = azure
  const store = createStore({ database, queue, keys: testKeys })
  const ledger = createLedger({ database, keys: testKeys, clock, log, origin: 'test' })
  const patience = new AbortController()
  let over = 0
  const deps = {
    clock,
    log,
    keys: testKeys,
    queue,
    store,
    ledger,
    providers: new Map([
      ['azure', patient(azure.provider(), patience.signal, () => over++)],
      ['aws', aws.provider()],
    ]),
    settings: { grantWindowMs: 3_600_000 },
  }
  const reconciler = createGrantReconciler(deps)
  const onAzure = Array.from({ length: 100 }, (_, n) => azure.intent(n + 1))
  const onAws = Array.from({ length: 50 }, (_, n) => aws.intent(n + 1001))
  const all = [...onAzure, ...onAws]
  const inState = async (some: readonly Intent[], state: string): Promise<number> => {
    const rows = await Promise.all(some.map(({ grant }) => store.grant(grant)))
    return rows.filter((row) => row?.state === state).length
  }
  /** What backed off comes back. */
  const later = async (ms: number): Promise<void> => {
    for (const world of [azure, aws]) world.clock.advance(ms)
    await queue.wake((await store.due(clock.now(), 1000)).map(({ lookAt: _, ...wakeUp }) => wakeUp))
  }

  const staged = await store.transaction(async (tx) => {
    const opened: string[] = []
    for (const intent of all)
      opened.push(await openGrant(tx, deps, intent, { metadata: {}, now: clock.now() }))
    return opened
  })
  await ledger.sealed(staged, clock.now() + 10_000)
  await queue.work('grant', (key, signal) => reconciler.look(key, signal))
  await until(
    'all to be active',
    async () => {
      await later(1000)
      return (await inState(all, 'active')) === all.length
    },
    180_000,
  )

  const recover = azure.azure.faults.plan({ answer: 'hang' })
  const by = { kind: 'system', id: 'test' } as const
  // Azure's first, so that whoever stands in line stands behind them.
  for (const some of [onAzure, onAws])
    await store.transaction(async (tx) => {
      for (const { grant } of some)
        await askRevoke(deps, { grant, by, why: 'over', askedAt: clock.now() }, tx)
    })
  await until(
    'AWS',
    async () => {
      await later(1000)
      return (await inState(onAws, 'ended')) === onAws.length
    },
    180_000,
  )
  // None of those that hang made room.
  expect(over).toBe(0)
  expect(await inState(onAzure, 'ended')).toBe(0)

  await until(
    'Azure to be looked at in vain',
    async () => {
      await later(1000)
      return (await inState(onAzure, 'revoking')) === onAzure.length
    },
    180_000,
  )
  recover()
  patience.abort(new DOMException('given up', 'TimeoutError'))
  await until(
    'Azure',
    async () => {
      await later(30_000)
      return (await inState(onAzure, 'ended')) === onAzure.length
    },
    180_000,
  )
  expect(azure.azure.assignments()).toEqual([])
  await ledger.stop()
}, 600_000)
