import { writeInstant } from '../request/instant.ts'
import type { ReconcileDeps } from './deps.ts'
import type { WakeUp } from './ports/queue.ts'

const alertAfterMs = 30 * 60_000

type Deps = Pick<ReconcileDeps, 'store' | 'clock' | 'log'>
const nameOf = ({ queue, key }: WakeUp): string => `${queue} ${key}`

/**
 * A look came to no verdict (trust.md 3.12): after half an hour of nothing else a person is told, once.
 * @returns whether it has been half an hour
 */
export const troubled = async (deps: Deps, looked: WakeUp, why: string): Promise<boolean> => {
  const now = deps.clock.now()
  const what = nameOf(looked)
  const { since, told } = await deps.store.troubled(what, now)
  const lasts = now >= since + alertAfterMs
  if (told || !lasts) return lasts
  deps.log.alert('trouble.lasts', { ...looked, since: writeInstant(since), why })
  // Afterwards: told twice, should this replica die between, and never not at all.
  await deps.store.troubleTold(what)
  return lasts
}

/** A look came through: the next trouble is a new one. */
export const untroubled = (deps: Pick<Deps, 'store'>, looked: WakeUp): Promise<void> =>
  deps.store.untroubled(nameOf(looked))
