import { invalid } from '../errors.ts'
import { readCommit } from '../git-objects.ts'
import { commitsBetween, isAncestor, pathsOf } from '../history.ts'
import { pushedCommit } from '../shapes/commit.ts'
import { repositoryPage } from '../shapes/repository.ts'
import type { Pull } from '../state/pull.ts'
import { type Activity, branchSha, type Repository } from '../state/repository.ts'
import { accountOf, type World } from '../state/world.ts'
import { announce } from './announce.ts'
import { requestSuites } from './check-suite.ts'
import { announcePull, closePull, markMerged, openPullsOf, synchronisePull } from './pull.ts'
import { retargetPull } from './reopen.ts'

const NOTHING = '0'.repeat(40)

export type RefMove = {
  readonly ref: string
  /** Object ids; null where the ref did not exist, or no longer does. */
  readonly before: string | null
  readonly after: string | null
  readonly actorId: number
  /** The pull requests whose merge this is: their own closing is told by the merge. */
  readonly merges?: readonly Pull[]
  readonly throughQueue?: boolean
  /** The commits that the move brings, oldest first, where the caller knows them. */
  readonly fresh?: readonly string[]
}

/**
 * Moves a ref in the bare repository and does everything that follows from it. Call it within
 * `repository.exclusively`. Throws 422 when the ref is no longer where the caller saw it.
 */
export async function moveRef(world: World, repository: Repository, move: RefMove): Promise<void> {
  try {
    await repository.refStore.move(move.ref, move.after, move.before)
  } catch (cause) {
    throw Object.assign(
      invalid(`Reference update failed: ${cause instanceof Error ? cause.message : cause}`),
      { cause },
    )
  }
  await refMoved(world, repository, move)
}

/** What follows from a ref that has moved: activity, `push`, pull requests synchronised, merged or closed. */
export async function refMoved(world: World, repository: Repository, move: RefMove): Promise<void> {
  const { ref, before, after } = move
  if (after === null) repository.refs.delete(ref)
  else repository.refs.set(ref, after)
  repository.pushedAt = world.clock.now()
  const forced =
    before !== null && after !== null && !move.fresh && !(await isAncestor(repository, before, after))
  repository.activities.unshift({
    id: world.nextId(),
    before: before ?? NOTHING,
    after: after ?? NOTHING,
    ref,
    at: world.clock.now(),
    type: activityType(move, forced),
    actorId: move.actorId,
  })
  await announce(world, repository, move.actorId, 'push', null, () =>
    pushBody(world, repository, move, forced),
  )
  if (!ref.startsWith('refs/heads/')) return
  if (after !== null)
    await requestSuites(world, repository, { before: before ?? NOTHING, after, actorId: move.actorId })
  const branch = ref.slice('refs/heads/'.length)
  for (const [base, pull] of openPullsOf(world, { head: repository.id, branch })) {
    const follow = () =>
      after === null
        ? closePull(world, base, pull, move.actorId)
        : synchronisePull(world, base, pull, {
            before: before ?? pull.head.sha,
            after,
            forced,
            actorId: move.actorId,
          })
    // A fork's change reaches into the repository that it was forked from: head first, then base, never the reverse.
    await (base === repository ? follow() : base.exclusively(follow))
  }
  await settleBase(world, repository, branch, move)
}

/** Pull requests into a branch that moved: those whose head it now contains are merged, however that came about. */
async function settleBase(
  world: World,
  repository: Repository,
  branch: string,
  move: RefMove,
): Promise<void> {
  const waiting = openPullsOf(world, { base: repository.id, branch })
    .map(([, pull]) => pull)
    .filter((pull) => !move.merges?.includes(pull))
  if (waiting.length === 0) return
  if (move.after === null) {
    for (const pull of waiting) await loseBase(world, repository, pull, move.actorId)
    return
  }
  const reached = new Set(await freshCommits(repository, move))
  for (const pull of waiting) {
    if (reached.has(pull.head.sha)) await markMerged(world, repository, pull, move.actorId, move.after)
  }
}

/**
 * The base of an open pull request was deleted. Where it was the head of one that is merged, its base is taken over
 * (docs.github.com, "About branches"); else the pull request is closed.
 */
async function loseBase(world: World, repository: Repository, pull: Pull, actorId: number): Promise<void> {
  const { ref, sha } = pull.base
  const merged = repository.pulls
    .values()
    .toArray()
    .findLast(
      (each) => each.mergedAt !== null && each.head.repositoryId === repository.id && each.head.ref === ref,
    )
  if (!merged || branchSha(repository, merged.base.ref) === undefined) {
    await closePull(world, repository, pull, actorId)
    return
  }
  await retargetPull(world, repository, pull, merged.base.ref)
  const changes = { base: { ref: { from: ref }, sha: { from: sha } } }
  await announcePull(world, repository, pull, actorId, 'edited', { changes })
}

function activityType(move: RefMove, forced: boolean): Activity['type'] {
  if (move.throughQueue) return 'merge_queue_merge'
  if (move.merges) return 'pr_merge'
  if (move.before === null) return 'branch_creation'
  if (move.after === null) return 'branch_deletion'
  return forced ? 'force_push' : 'push'
}

/** A push event lists this many commits at most. */
const MOST_COMMITS = 2048

async function pushBody(world: World, repository: Repository, move: RefMove, forced: boolean) {
  const { before, after } = move
  const commits = []
  for (const sha of (await freshCommits(repository, move)).slice(-MOST_COMMITS)) {
    const commit = await readCommit(repository.objects, sha)
    if (commit)
      commits.push(pushedCommit(world, repository, commit, await pathsOf(repository.objects, commit)))
  }
  const head = after === null ? null : await readCommit(repository.objects, after)
  const headPaths = head ? await pathsOf(repository.objects, head) : null
  const pusher = accountOf(world, move.actorId)
  const page = repositoryPage(world, repository)
  return {
    ref: move.ref,
    before: before ?? NOTHING,
    after: after ?? NOTHING,
    created: before === null,
    deleted: after === null,
    forced,
    base_ref: null,
    compare: `${page}/compare/${(before ?? NOTHING).slice(0, 12)}...${(after ?? NOTHING).slice(0, 12)}`,
    commits,
    head_commit: head && headPaths ? pushedCommit(world, repository, head, headPaths) : null,
    pusher: { name: pusher.login, email: pusher.email },
  }
}

/** Commits that a move brought to its ref; a new ref is compared with the default branch. */
async function freshCommits(repository: Repository, move: RefMove): Promise<readonly string[]> {
  const { before, after, fresh } = move
  if (fresh) return fresh
  if (after === null) return []
  const main = repository.refs.get(`refs/heads/${repository.defaultBranch}`)
  // The default branch's own first push has nothing to be compared with.
  const from = before ?? (move.ref === `refs/heads/${repository.defaultBranch}` ? null : (main ?? null))
  return commitsBetween(repository, from, after)
}
