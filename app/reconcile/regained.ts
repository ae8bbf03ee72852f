import { callMs } from '../grant/bounds.ts'
import type { Intent } from '../grant/intent.ts'
import { type Binding, type Provider, ProviderError, type Unread } from '../provider/port.ts'
import { atMost } from './at-most.ts'
import { callFor } from './call-for.ts'
import { closeStray, endStray, type StrayDeps, type StrayFinding } from './strays.ts'

export type Regained = StrayFinding & { readonly grant: string; readonly found: Binding }

/** Roles looked at at once: what is found keeps one of the connections that hold locks for as long as a call takes. */
const most = 2

/**
 * Looks, in a cloud where a grant makes nothing, whether what was taken away before its end could be used again, role by
 * role: one that cannot be looked at keeps no other from it. What came back is on record, and taken away again.
 */
export const endRegained = async (
  deps: StrayDeps,
  provider: Provider,
  signal: AbortSignal,
): Promise<{ readonly found: readonly Regained[]; readonly unread: readonly Unread[] }> => {
  const { regained } = provider
  if (regained === undefined) return { found: [], unread: [] }
  const { revoked } = await deps.ledger.standing()
  const intents = [...revoked.values()].filter(
    (one) => one.provider === provider.name && deps.clock.now() < one.endsAt,
  )
  const turn = atMost(most)
  const unread: Unread[] = []
  const look = async (alike: readonly Intent[]): Promise<readonly Regained[]> => {
    const back = await regained(alike, callFor(deps.clock.now(), callMs, signal))
    const ended: Regained[] = []
    for (const { grant, ...intent } of alike) {
      const found = back.find((one) => one.grant === grant)
      const handle = provider.bindingKey({ grant, ...intent })
      if (found === undefined) await closeStray(deps, provider, { ...intent, grant, handle })
      const stray = found && (await endStray(deps, provider, found, signal))
      if (found !== undefined && stray !== undefined) ended.push({ ...stray, grant, found })
    }
    return ended
  }
  const roles = Map.groupBy(intents, ({ scope, cloudRole }) => `${scope} ${cloudRole}`)
  const found = await Promise.all(
    [...roles].map(([place, alike]) =>
      turn(() =>
        look(alike).catch((error: unknown) => {
          if (!(error instanceof ProviderError)) throw error
          unread.push({ place, kind: error.kind, why: error.message })
          return []
        }),
      ),
    ),
  )
  return { found: found.flat(), unread }
}
