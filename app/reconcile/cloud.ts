import { debtOf } from '../grant/debt.ts'
import { compare, intentsOf, issuedIn } from '../grant/findings.ts'
import { type Binding, type FaultKind, type Provider, ProviderError, type Unread } from '../provider/port.ts'
import { atMost } from './at-most.ts'
import { callFor } from './call-for.ts'
import type { Log } from './ports/log.ts'
import type { Queue } from './ports/queue.ts'
import type { Store } from './ports/store.ts'
import { endRegained } from './regained.ts'
import { endStray, finishStray, listMs, type StrayDeps, type StrayFinding } from './strays.ts'

export type CloudDeps = StrayDeps & {
  readonly queue: Pick<Queue, 'wake'>
  readonly providers: ReadonlyMap<string, Provider>
}

/** What one look at a cloud found. */
export type CloudFinding =
  | { readonly finding: 'drift'; readonly grant: string; readonly why: string }
  | { readonly finding: 'missing'; readonly grant: string }
  | (StrayFinding & { readonly grant: string; readonly found: Binding })

/** One comparison: what it found, and the places that it could not compare. */
type Comparison = { readonly found: readonly CloudFinding[]; readonly unread: readonly Unread[] }

/** Strays taken away at once: each keeps one of the connections that hold locks for as long as a call takes. */
const most = 2

/**
 * Compares what one cloud has with what the ledger says (trust.md 7.15). Whatever concerns a grant is left to its own
 * reconciler, which is woken and looks afresh; what carries our mark and is no grant's is taken away.
 * @throws ProviderError when the cloud cannot say what it has anywhere
 */
export const reconcileCloud = async (
  deps: CloudDeps,
  provider: Provider,
  signal: AbortSignal,
): Promise<Comparison> => {
  if (!provider.traits.binding) return endRegained(deps, provider, signal)
  const { clock, ledger } = deps
  const { open } = await ledger.standing()
  const before = issuedIn(open, provider.name)
  const { bindings, unread } = await provider.list(
    callFor(clock.now(), listMs, signal),
    intentsOf(open, provider.name),
  )
  const { drifted, missing, strays } = compare(
    bindings,
    (await ledger.standing()).open,
    provider,
    before,
    clock.now(),
    unread.map(({ place }) => place),
  )
  const wake = [...drifted.map(({ grant }) => grant), ...missing]
  if (wake.length > 0) await deps.queue.wake(wake.map((key) => ({ queue: 'grant', key })))
  const turn = atMost(most)
  const ended = await Promise.all(
    strays.map((found) =>
      turn(async (): Promise<readonly CloudFinding[]> => {
        const stray = await endStray(deps, provider, found, signal)
        return stray === undefined ? [] : [{ ...stray, grant: found.grant, found }]
      }),
    ),
  )
  const listed = new Set(bindings.map(({ handle }) => handle))
  // In a place that could not be read nothing is listed, and each would wait for its own answer.
  const begun = unread.some(({ kind }) => kind !== 'conflict')
    ? []
    : [...(await ledger.standing()).strays.values()].filter(
        (one) => one.provider === provider.name && !listed.has(one.handle),
      )
  await Promise.all(begun.map((one) => turn(() => finishStray(deps, provider, one, signal))))
  const found = [
    ...drifted.map((one) => ({ finding: 'drift' as const, ...one })),
    ...missing.map((grant) => ({ finding: 'missing' as const, grant })),
    ...ended.flat(),
  ]
  return { found, unread }
}

const everyMs = 10 * 60_000
/**
 * Revocation debt that is older alerts. Where all is well it takes six minutes at most: a session that AWS refuses is gone
 * after five (by a replica that starts meanwhile, later), PIM ends nothing in its first five, and who was told to wait
 * comes back within one.
 */
const oldMs = 7 * 60_000

/** Alerts of each place that cannot be read, once, and again when it ails otherwise. */
const createTeller = (log: Log) => {
  const told = new Map<string, ReadonlyMap<string, FaultKind>>()
  return (provider: string, unread: readonly Unread[]): void => {
    const before = told.get(provider)
    for (const { place, kind, why } of unread)
      if (before?.get(place) !== kind) log.alert('cloud.unreadable', { provider, place, why })
    told.set(provider, new Map(unread.map(({ place, kind }) => [place, kind])))
  }
}

/** Looks at a cloud when it is due, on whichever replica is first. */
export const createCloudReconciler = (
  deps: CloudDeps & {
    readonly store: Pick<Store, 'claimCloud' | 'cloudLooked'>
    readonly found?: (provider: string, finding: CloudFinding['finding']) => void
  },
) => {
  const tell = createTeller(deps.log)
  const look = async (name: string, signal: AbortSignal): Promise<void> => {
    const provider = deps.providers.get(name)
    const now = deps.clock.now()
    if (provider === undefined || !(await deps.store.claimCloud(name, now, now + everyMs))) return
    const { count, oldestMs } = debtOf((await deps.ledger.standing()).open, now, name)
    if (oldestMs >= oldMs)
      deps.log.alert('grant.revocation_debt', {
        provider: name,
        count,
        oldestSeconds: Math.round(oldestMs / 1000),
      })
    try {
      const { found, unread } = await reconcileCloud(deps, provider, signal)
      tell(name, unread)
      for (const { finding } of found) deps.found?.(name, finding)
      await deps.store.cloudLooked(name, now)
      deps.log.info('cloud compared', { provider: name, found: found.length, unread: unread.length })
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error
      deps.log.alert('cloud.unreadable', { provider: name, why: error.message })
    }
  }
  return { look }
}

/** Three turns missed. */
const staleMs = 3 * everyMs

/** Alerts, every 10 min, of clouds that nobody has compared to the end for half an hour, whatever keeps them from it. */
export const createCloudWatch = (
  deps: Pick<CloudDeps, 'clock' | 'log' | 'providers'> & { readonly store: Pick<Store, 'clouds'> },
) => {
  const began = deps.clock.now()
  const told = new Map<string, number>()
  return async (): Promise<void> => {
    const now = deps.clock.now()
    for (const { provider, lookedAt = began } of await deps.store.clouds()) {
      if (!deps.providers.has(provider) || now - lookedAt < staleMs) continue
      if (now - (told.get(provider) ?? began) < everyMs) continue
      told.set(provider, now)
      deps.log.alert('cloud.stale', { provider, ageSeconds: Math.round((now - lookedAt) / 1000) })
    }
  }
}
