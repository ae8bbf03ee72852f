import type { ReconcileDeps } from './deps.ts'
import { wakeBranch, wakePull } from './key.ts'
import { asTrouble } from './observe/trouble.ts'
import type { WakeUp } from './ports/queue.ts'
import { revokeByMissedComments } from './pull-request/comments.ts'

const overlapMs = 10 * 60_000
const firstLookBackMs = 24 * 60 * 60_000
/** So often every open pull request is looked at anew; in between, those that GitHub says have changed. */
const wholeEveryMs = 60 * 60_000
/** What changed this long ago has been looked at since by a pass that no answer kept for a minute could mislead. */
const settledMs = 10 * 60_000

/** What a pass leaves for the next. */
export type Passed = {
  /** How far back the next must ask for deliveries (epoch ms): they have been asked for up to there. */
  readonly from: number | undefined
  /** The next should come soon, for some may have been lost just now. */
  readonly soon: boolean
  /** Open pull requests as they stood, by their keys. */
  readonly open: ReadonlyMap<string, string>
  /** When all of them were looked at (epoch ms). */
  readonly wholeAt: number
}

/**
 * What lost, doubled or late deliveries could have hidden (trust.md 2.1, 3.5): asks GitHub to send again what
 * it could not deliver, looks anew at every branch and every pull request that still waits or is open, but for those
 * that the pass before found as they are, and obeys comments of which nobody told.
 * What GitHub does not answer about one repository keeps nothing from the others.
 * @param before what the pass before returned; none at the start: what came since is no proof that nothing was lost
 */
export const catchUp = async (deps: ReconcileDeps, before?: Passed): Promise<Passed> => {
  const now = deps.clock.now()
  const isWhole = before === undefined || now - before.wholeAt >= wholeEveryMs
  const open = new Map<string, string>()
  const unchanged = new Set<string>()
  const tried = async (what: string, work: () => Promise<void>): Promise<boolean> => {
    try {
      await work()
      return true
    } catch (error) {
      deps.log.warn('catch-up will be tried again', { what, why: asTrouble(error).message })
      return false
    }
  }
  const wake = (keys: readonly WakeUp[]) => deps.queue.wake(keys.filter(({ key }) => !unchanged.has(key)))
  for (const repository of deps.settings.repositories.values()) {
    await deps.queue.wake([wakeBranch(repository.id)])
    await tried(repository.fullName, async () => {
      const listed = await deps.github.repository(repository.id).openPulls()
      const ours = listed.filter(({ base }) => base.ref === repository.branch)
      for (const { number, head, draft, updatedAt } of ours) {
        const { key } = wakePull(repository.id, number)
        const stands = `${head.sha} ${draft} ${updatedAt}`
        if (!isWhole && before.open.get(key) === stands) unchanged.add(key)
        if (updatedAt < now - settledMs) open.set(key, stands)
      }
      await wake(ours.map(({ number }) => wakePull(repository.id, number)))
    })
  }
  const waiting = await deps.store.waitingPulls()
  await wake(waiting.map(({ repository, pull }) => wakePull(repository, pull)))
  const last = (await deps.store.lastDeliveryAt()) ?? now
  const since = before?.from ?? Math.min(last, now - firstLookBackMs) - overlapMs
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
  return {
    from: asked && read ? now - overlapMs : before?.from,
    soon,
    open,
    wholeAt: isWhole ? now : before.wholeAt,
  }
}
