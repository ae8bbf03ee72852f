import type { Intent } from '../../../app/grant/intent.ts'
import { createFaults } from '../../../app/provider/mock/faults.ts'
import { memoryBindings } from '../../../app/provider/mock/memory-bindings.ts'
import { createMock } from '../../../app/provider/mock/mock.ts'
import type { Provider } from '../../../app/provider/port.ts'
import { openGrant } from '../../../app/reconcile/grant/open.ts'
import { createGrantReconciler } from '../../../app/reconcile/grant.ts'
import { askRevoke } from '../../../app/reconcile/revoke.ts'
import { memoryClock } from './clock.ts'
import { anIntent } from './intent.ts'
import { memoryKeys } from './keys.ts'
import { memoryLedger } from './ledger.ts'
import { memoryLog } from './log.ts'
import { memoryQueue } from './queue.ts'
import { memoryStore } from './store.ts'
import { memoryTransactions } from './transaction.ts'

/** Everything a grant stands on, in memory, with the mock as its cloud. `around`: puts something before the cloud. */
export const memoryWorld = (
  options: {
    readonly shared?: boolean
    readonly propagationMs?: number
    readonly around?: (provider: Provider) => Provider
  } = {},
) => {
  const { shared = false, propagationMs = 0, around = (provider) => provider } = options
  const transactions = memoryTransactions()
  const clock = memoryClock()
  const bindings = memoryBindings()
  const faults = createFaults()
  const mock = createMock({ bindings, clock, instance: 'test', shared, propagationMs, faults: faults.meet })
  const provider = around(mock)
  const deps = {
    clock,
    log: memoryLog(),
    keys: memoryKeys(),
    ledger: memoryLedger(transactions),
    queue: memoryQueue(transactions),
    store: memoryStore(transactions),
    providers: new Map([['mock', provider]]),
    settings: { grantWindowMs: 3_600_000 },
  }
  const { ledger, store } = deps
  const never = new AbortController().signal
  const reconciler = createGrantReconciler(deps)
  return {
    ...deps,
    deps,
    bindings,
    faults,
    mock,
    provider,
    open: async (intent: Intent): Promise<string> => {
      await store.transaction((tx) => openGrant(tx, deps, intent, { metadata: {}, now: clock.now() }))
      if (!ledger.down) ledger.seal()
      return intent.grant
    },
    revoke: (grant: string) =>
      askRevoke(deps, {
        grant,
        by: { kind: 'user', id: '1001', login: 'alice' },
        why: 'done',
        askedAt: clock.now(),
      }),
    /** One look, after which whatever it staged is sealed. */
    look: async (id: string): Promise<void> => {
      try {
        await reconciler.look(id, never)
      } finally {
        if (!ledger.down) ledger.seal()
      }
    },
    /** Goes on from timer to timer until nothing is due before `until`. */
    settle: async (until = Number.POSITIVE_INFINITY): Promise<void> => {
      for (let pass = 0; pass < 2000; pass++) {
        const next = await store.nextLookAt()
        if (next === undefined || next > until) return
        clock.set(next)
        for (const { key } of await store.due(clock.now(), 1000)) await reconciler.look(key, never)
        if (!ledger.down) ledger.seal()
      }
      throw new Error('the grants do not come to rest')
    },
    typesOf: (id: string) => ledger.events().flatMap((event) => (event.grant === id ? [event.type] : [])),
  }
}

/** A world with one grant in it, active for an hour. */
export const activeWorld = async (options: Parameters<typeof memoryWorld>[0] = {}) => {
  const world = memoryWorld(options)
  const intent = anIntent(1, world.clock.now())
  const id = await world.open(intent)
  await world.look(id)
  const row = await world.store.grant(id)
  if (row?.state !== 'active') throw new Error(`the grant is ${row?.state}`)
  return { world, intent, id }
}
