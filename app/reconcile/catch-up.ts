import type { ReconcileDeps } from './deps.ts'
import { wakeBranch, wakePull } from './key.ts'

const overlapMs = 10 * 60_000
const firstLookBackMs = 24 * 60 * 60_000

/**
 * What lost, doubled or late deliveries could have hidden (trust.md 2.1, 3.5): asks GitHub to send again what
 * it could not deliver, and looks anew at every branch and every pull request that is open or still waits.
 */
export const catchUp = async (deps: ReconcileDeps): Promise<void> => {
  const last = await deps.store.lastDeliveryAt()
  const since = (last ?? deps.clock.now() - firstLookBackMs) - overlapMs
  const asked = await deps.github.redeliverMissed(since, (guid) => deps.store.hasDelivery(guid))
  if (asked > 0) deps.log.info('asked GitHub to send missed deliveries again', { count: asked })
  const waiting = await deps.store.waitingPulls()
  const wake = waiting.map(({ repository, pull }) => wakePull(repository, pull))
  for (const repository of deps.settings.repositories.values()) {
    wake.push(wakeBranch(repository.id))
    for (const pull of await deps.github.repository(repository.id).openPulls()) {
      if (pull.base.ref === repository.branch) wake.push(wakePull(repository.id, pull.number))
    }
  }
  await deps.queue.wake(wake)
}
