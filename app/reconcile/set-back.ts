import type { Intent } from '../grant/intent.ts'
import type { ReconcileDeps } from './deps.ts'
import { genuine } from './observe/deliveries.ts'
import { obtain } from './observe/obtain.ts'
import type { Mirror } from './ports/git.ts'
import type { PushPayload } from './ports/payload.ts'
import type { RepositorySettings } from './ports/settings.ts'
import { openOf, revokePaths } from './revoke-gone.ts'

const zero = /^0+$/
/** A delivery is stored a little after the moment that it bears, and by another replica's clock. */
const overlapMs = 10 * 60_000
/** By a process that looks for the first time: what was told before had a look of its own. */
const firstLookBackMs = 24 * 60 * 60_000

/**
 * A branch that was set back and set forward again between two looks shows nothing of it, but the signed pushes do: what
 * one of them took from the branch was missing there, and revokes (trust.md 3.4). What came before a grant's merge did
 * not hold its file, for no path is used twice; a commit that is lost says nothing. Each look reads what was told since
 * the last one that came through, and since the earliest merge whose verdict can still be made.
 */
export const createSetBack = (deps: ReconcileDeps) => {
  const judged = new Map<number, number>()
  return async (repository: RepositorySettings): Promise<void> => {
    const now = deps.clock.now()
    const last = judged.get(repository.id) ?? now - firstLookBackMs
    await revokeSetBack(deps, repository, Math.min(last, now - deps.settings.grantWindowMs) - overlapMs)
    judged.set(repository.id, now)
  }
}

const revokeSetBack = async (
  deps: ReconcileDeps,
  repository: RepositorySettings,
  since: number,
): Promise<void> => {
  const open = await openOf(deps, repository)
  if (open.length === 0) return
  const mirror = deps.git.mirror(repository.id)
  const told = await deps.store.pushesTo(repository.id, `refs/heads/${repository.branch}`, since)
  const gone = new Set<string>()
  for (const { body } of genuine(deps, told)) {
    const push = deps.payloads.push(body)
    if (push === undefined || zero.test(push.before)) continue
    const { before, after } = push
    if ((await obtain(mirror, before)) && (zero.test(after) || (await obtain(mirror, after))))
      for (const path of await takenBy(mirror, push, open)) gone.add(path)
    // Who pushes cannot make GitHub lose a commit, and each was there when its push was new.
    else
      deps.log.warn('a push of a commit that nobody has any more', {
        repository: repository.id,
        before,
        after,
      })
  }
  if (gone.size === 0) return
  const departures = [...gone].map((path) => ({ path, by: [] }))
  await deps.store.transaction((tx) => revokePaths(deps, tx, repository, departures))
}

/** The files of grants that the branch held as approved before a push, and not after it. */
const takenBy = async (
  mirror: Mirror,
  { before, after }: PushPayload,
  open: readonly Intent[],
): Promise<readonly string[]> => {
  const deleted = zero.test(after)
  const left = deleted
    ? await mirror.changes('empty', before, 'requests/')
    : await mirror.changes(before, after, 'requests/')
  const held = new Map(left.map((change) => [change.path, deleted ? change.after : change.before]))
  return open.flatMap(({ path, blob }) => (held.get(path)?.sha === blob ? [path] : []))
}
