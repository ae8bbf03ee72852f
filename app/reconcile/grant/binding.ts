import type { Intent } from '../../grant/intent.ts'
import type { Provider } from '../../provider/port.ts'
import type { GrantDeps } from './deps.ts'
import { readLedger } from './situation.ts'

/** Locks held at once by this process: each keeps a database connection for as long as a provider call takes. */
const most = 4

/**
 * Makes writes to one shared binding happen one after another, on all replicas: nobody may remove it between
 * another's question who shares it and that other's write. Bindings that cannot be shared need no lock.
 */
export const createBindingLock = (deps: Pick<GrantDeps, 'store'>) => {
  let held = 0
  const waiting: (() => void)[] = []
  return async <T>(provider: Provider, intent: Intent, work: () => Promise<T>): Promise<T> => {
    if (!provider.traits.shared) return work()
    if (held < most) held++
    else await new Promise<void>((go) => waiting.push(go))
    try {
      return await deps.store.transaction(async (tx) => {
        await deps.store.serialise(tx, `binding:${intent.provider}:${provider.bindingKey(intent)}`)
        return work()
      })
    } finally {
      const next = waiting.shift()
      if (next === undefined) held--
      else next()
    }
  }
}

/** Other grants that may still use the binding, counted from their sealed events (trust.md 5.2), not their rows. */
export const sharersOf = async (
  deps: GrantDeps,
  provider: Provider,
  intent: Intent,
): Promise<readonly string[]> => {
  if (!provider.traits.shared) return []
  const key = provider.bindingKey(intent)
  const live: string[] = []
  for (const { id } of await deps.store.grantsSharing(key)) {
    if (id === intent.grant) continue
    const other = await readLedger(deps, id)
    if (other.intent?.provider !== intent.provider || provider.bindingKey(other.intent) !== key) continue
    if (!other.blocked && deps.clock.now() < other.intent.endsAt) live.push(id)
  }
  return live
}
