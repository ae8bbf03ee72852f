import type { ReconcileDeps } from './deps.ts'
import { wakeBranch, wakePull } from './key.ts'
import { asTrouble } from './observe/trouble.ts'
import { revokeByMissedComments } from './pull-request/comments.ts'

const overlapMs = 10 * 60_000
const firstLookBackMs = 24 * 60 * 60_000

/**
 * What lost, doubled or late deliveries could have hidden (trust.md 2.1, 3.5): asks GitHub to send again what
 * it could not deliver, looks anew at every branch and every pull request that is open or still waits, and obeys
 * comments of which nobody told.
 * What GitHub does not answer about one repository keeps nothing from the others.
 * @param from what the pass before returned; none at the start: what came since is no proof that nothing was lost
 * @returns how far back the next pass must ask (epoch ms), for deliveries that have been asked for up to there; and
 * whether it should come soon, for some may have been lost just now
 */
export const catchUp = async (
  deps: ReconcileDeps,
  from?: number,
): Promise<{ readonly from: number | undefined; readonly soon: boolean }> => {
  const now = deps.clock.now()
  const tried = async (what: string, work: () => Promise<void>): Promise<boolean> => {
    try {
      await work()
      return true
    } catch (error) {
      deps.log.warn('catch-up will be tried again', { what, why: asTrouble(error).message })
      return false
    }
  }
  const waiting = await deps.store.waitingPulls()
  await deps.queue.wake(waiting.map(({ repository, pull }) => wakePull(repository, pull)))
  for (const repository of deps.settings.repositories.values()) {
    await deps.queue.wake([wakeBranch(repository.id)])
    await tried(repository.fullName, async () => {
      const open = await deps.github.repository(repository.id).openPulls()
      const ours = open.filter(({ base }) => base.ref === repository.branch)
      await deps.queue.wake(ours.map(({ number }) => wakePull(repository.id, number)))
    })
  }
  const last = (await deps.store.lastDeliveryAt()) ?? now
  const since = from ?? Math.min(last, now - firstLookBackMs) - overlapMs
  let soon = false
  const asked = await tried('deliveries', async () => {
    const { asked: count, underWay } = await deps.github.redeliverMissed(since, (guid) =>
      deps.store.hasDelivery(guid),
    )
    soon = underWay > 0
    if (count > 0) deps.log.info('asked GitHub to send missed deliveries again', { count })
  })
  let read = true
  for (const { id, fullName } of deps.settings.repositories.values())
    read = (await tried(`comments of ${fullName}`, () => revokeByMissedComments(deps, id, since))) && read
  return { from: asked && read ? now - overlapMs : from, soon }
}
