import { sealMs } from '../../grant/bounds.ts'
import { observedEvent } from '../../grant/events.ts'
import type { Intent } from '../../grant/intent.ts'
import type { Seen } from '../../grant/step.ts'
import type { Provider } from '../../provider/port.ts'
import { ask } from './call.ts'
import type { LookDeps } from './deps.ts'
import { moved, record } from './record.ts'
import { readLedger, type Situation } from './situation.ts'

/**
 * In a cloud without marks: looks before the first write, and seals that nothing was there. What is there already is
 * ours only where the sealed look of another grant, not over yet, says so of the same place; else the grant is refused,
 * and nobody ever takes it away.
 */
export const observeFirst = async (
  deps: LookDeps,
  situation: Situation,
  provider: Provider,
  intent: Intent,
  signal: AbortSignal,
): Promise<Situation | typeof moved> => {
  const { row } = situation
  // Others may end, or begin, while we look: whoever was there at either time may have made it.
  const before = await alike(deps, provider, intent)
  let found: { readonly place: string; readonly there: boolean } | undefined
  const { seen } = await ask(deps, situation, signal, async (cloud, wanted, call): Promise<Seen> => {
    found = await cloud.observe?.(wanted, call)
    return { kind: 'unknown', why: 'only looked at' }
  })
  if (found === undefined) {
    return seen.kind === 'trouble' && row.tries >= seen.patience
      ? { ...situation, refusal: seen.why }
      : { ...situation, seen }
  }
  const { place, there } = found
  if (there && !(await isOurs(deps, place, [...before, ...(await alike(deps, provider, intent))]))) {
    const why = `${intent.provider}: ${provider.bindingKey(intent)} was there before: it is somebody else's, and stays`
    return { ...situation, refusal: why }
  }
  const now = deps.clock.now()
  const saved = await record(deps, situation, row, [observedEvent(row, now, place)])
  if (saved === moved) return moved
  await deps.ledger.sealed(saved.staged, now + sealMs)
  return moved
}

/** Other grants in the same place that are not over, those being taken away included. */
const alike = async (deps: LookDeps, provider: Provider, intent: Intent): Promise<readonly string[]> => {
  const key = provider.bindingKey(intent)
  const { open } = await deps.ledger.standing()
  return [...open]
    .filter(([id, { intent: other }]) => id !== intent.grant && other.provider === intent.provider)
    .filter(([, { intent: other }]) => provider.bindingKey(other) === key)
    .map(([id]) => id)
}

const isOurs = async (deps: LookDeps, place: string, grants: readonly string[]): Promise<boolean> => {
  for (const id of new Set(grants)) if ((await readLedger(deps, id)).intent?.place === place) return true
  return false
}
