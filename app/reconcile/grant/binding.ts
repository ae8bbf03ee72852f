import type { Intent } from '../../grant/intent.ts'
import { canonicalPrincipal } from '../../identity/principal.ts'
import type { Call, Provider } from '../../provider/port.ts'
import { holding } from '../holding.ts'
import type { Lane } from '../turns/next-turn.ts'
import { createTurns, type Turns } from '../turns/turns.ts'
import type { GrantDeps } from './deps.ts'
import { ending, readLedger } from './situation.ts'

/** Locks held at once of one cloud: each keeps a connection (Store's `alone`) for as long as a call takes. */
const held = { each: 6, most: 8 }

export type BindingLock = <T>(
  lane: Lane,
  provider: Provider,
  intent: Intent,
  call: Call,
  work: () => Promise<T>,
) => Promise<T>

/**
 * Makes writes to one shared binding happen one after another, on all replicas: nobody may remove it between
 * another's question who shares it and that other's write. Bindings that cannot be shared need no lock. One cloud's locks
 * wait for no other's.
 * @returns what throws a NotSentError, besides what `work` does, where turn or lock do not come in time
 */
export const createBindingLock = (deps: Pick<GrantDeps, 'store'>): BindingLock => {
  const clouds = new Map<string, Turns>()
  return async (lane, provider, intent, call, work) => {
    if (!provider.traits.shared) return work()
    const turns = clouds.get(provider.name) ?? createTurns(provider.name, held)
    clouds.set(provider.name, turns)
    const { signal, turnBy = signal } = call
    return turns({ lane, place: provider.account(intent.scope), signal, turnBy }, () =>
      holding(deps.store, [bindingLock(provider.name, provider.bindingKey(intent))], call, work),
    )
  }
}

/** What writes to one binding are serialised by. */
export const bindingLock = (provider: string, key: string): string => `binding:${provider}:${key}`

/**
 * Other grants that may still use the binding, counted from their events (trust.md 5.2), not their rows: a life must be
 * sealed, for an end it is enough that it is on record.
 */
export const sharersOf = async (
  deps: Pick<GrantDeps, 'ledger' | 'keys' | 'clock'>,
  provider: Provider,
  intent: Intent,
): Promise<readonly Intent[]> => {
  if (!provider.traits.shared) return []
  const [key, who] = [provider.bindingKey(intent), whoOf(intent)]
  const { open } = await deps.ledger.standing()
  const same: (readonly [string, Intent])[] = []
  for (const [id, { intent: other, stage, blocked }] of open) {
    if (id === intent.grant || blocked || stage === 'scheduled' || deps.clock.now() >= other.endsAt) continue
    // A key costs more than comparing whom it is for, and there may be thousands.
    if (other.provider !== intent.provider || whoOf(other) !== who) continue
    if (provider.bindingKey(other) === key) same.push([id, other])
  }
  if (same.length === 0) return []
  const over = await ending(deps)
  const live: Intent[] = []
  for (const [id, other] of same) {
    if (over.has(id)) continue
    // What stands was read as far as the ledger is whole: an end behind that is in the grant's own events alone.
    const { blocked, over: ended, intent: own } = await readLedger(deps, id)
    if (blocked || ended !== undefined) continue
    // Whoever has not looked yet will find it gone, and makes it anew.
    if (provider.observe !== undefined && (own?.place ?? other.place) === undefined) continue
    live.push(other)
  }
  return live
}

const whoOf = ({ provider, principal }: Intent): string => canonicalPrincipal(provider, principal)

/** Of grants that share a binding the one that ends last. */
export const lastOf = (one: Intent, others: readonly Intent[]): Intent =>
  others.reduce((last, other) => (other.endsAt > last.endsAt ? other : last), one)
