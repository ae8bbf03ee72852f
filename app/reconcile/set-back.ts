import type { ReconcileDeps } from './deps.ts'
import { genuine } from './observe/deliveries.ts'
import { obtain } from './observe/obtain.ts'
import { changesAt } from './observe/steps.ts'
import { type Change, type Mirror, type Sha, unlessTooLarge } from './ports/git.ts'
import type { PushPayload } from './ports/payload.ts'
import type { RepositorySettings } from './ports/settings.ts'
import type { Delivery } from './ports/store.ts'
import { openOf, revokePaths } from './revoke-gone.ts'

const zero = /^0+$/
/** A delivery is stored a little after the moment that it bears, and by another replica's clock. */
const overlapMs = 10 * 60_000
/** By a process that looks for the first time: what was told before had a look of its own. */
const firstLookBackMs = 24 * 60 * 60_000

/** What a push took from the branch: path → the blob that it held before. */
type Took = ReadonlyMap<string, string>
/** Of a push that is too large to be read, what it took at these paths: they are looked at each time. */
type TookAt = (paths: readonly string[]) => Promise<Took>
type Push = { readonly receivedAt: number; readonly took: Took | TookAt }

/** What was told of a branch, up to a moment (epoch ms), by GUID: each push is read and judged once. */
type Told = { readonly upTo: number; readonly pushes: Map<string, Push> }

/**
 * A branch that was set back and set forward again between two looks shows nothing of it, but the signed pushes do: what
 * one of them took from the branch was missing there, and revokes (trust.md 3.4). What came before a grant's merge did
 * not hold its file, for no path is used twice; a commit that is lost says nothing. A push is remembered until no merge
 * before it can have its verdict any more.
 */
export const createSetBack = (deps: ReconcileDeps) => {
  const branches = new Map<number, Told>()
  return async (repository: RepositorySettings): Promise<void> => {
    const now = deps.clock.now()
    const { upTo, pushes } = branches.get(repository.id) ?? { upTo: now - firstLookBackMs, pushes: new Map() }
    const open = await openOf(deps, repository)
    const oldest = now - deps.settings.grantWindowMs
    if (open.length === 0) {
      branches.set(repository.id, { upTo: Math.max(upTo, oldest), pushes })
      return
    }
    const ref = `refs/heads/${repository.branch}`
    const told = await deps.store.pushesTo(repository.id, ref, upTo - overlapMs, [...pushes.keys()])
    const mirror = deps.git.mirror(repository.id)
    for (const delivery of genuine(deps, told)) {
      const took = await tookBy(deps, mirror, delivery)
      if (took !== undefined) pushes.set(delivery.guid, { receivedAt: delivery.receivedAt, took })
    }
    const paths = open.map(({ path }) => path)
    const took: Took[] = []
    for (const push of pushes.values())
      took.push(typeof push.took === 'function' ? await push.took(paths) : push.took)
    const gone = open.filter(({ path, blob }) => took.some((one) => one.get(path) === blob))
    const departures = gone.map(({ path }) => ({ path, by: [] }))
    if (gone.length > 0) await deps.store.transaction((tx) => revokePaths(deps, tx, repository, departures))
    for (const [guid, { receivedAt }] of pushes) if (receivedAt < oldest - overlapMs) pushes.delete(guid)
    branches.set(repository.id, { upTo: now, pushes })
  }
}

/** undefined: what it names nobody has any more, and it is asked for again. */
const tookBy = async (
  deps: ReconcileDeps,
  mirror: Mirror,
  { body, repository }: Delivery,
): Promise<Push['took'] | undefined> => {
  const push = deps.payloads.push(body)
  if (push === undefined || zero.test(push.before)) return new Map()
  const { before, after } = push
  const has = async () =>
    (await obtain(mirror, before)) && (zero.test(after) || (await obtain(mirror, after)))
  if (await has()) {
    const took = await unlessTooLarge(tookFrom(push, (from, to) => mirror.changes(from, to, 'requests/')))
    const at: TookAt = async (paths) =>
      (await has()) ? tookFrom(push, (from, to) => changesAt(mirror, from, to, paths)) : new Map()
    return took ?? at
  }
  // Who pushes cannot make GitHub lose a commit, and each was there when its push was new.
  deps.log.warn('a push of a commit that nobody has any more', { repository, before, after })
  return undefined
}

const tookFrom = async (
  { before, after }: PushPayload,
  compare: (from: Sha | 'empty', to: Sha) => Promise<readonly Change[]>,
): Promise<Took> => {
  const deleted = zero.test(after)
  const changes = deleted ? await compare('empty', before) : await compare(before, after)
  return new Map(
    changes.flatMap((change) => {
      const held = deleted ? change.after : change.before
      return held === undefined ? [] : [[change.path, held.sha] as const]
    }),
  )
}
