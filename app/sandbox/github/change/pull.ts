import { git } from '../git.ts'
import { writeCommit } from '../git-objects.ts'
import { isAncestor } from '../history.ts'
import { webCommitter } from '../shapes/commit.ts'
import { fullPull } from '../shapes/pull.ts'
import type { Pull } from '../state/pull.ts'
import { branchSha, type Repository } from '../state/repository.ts'
import { repositoryOf, type World } from '../state/world.ts'
import { announce } from './announce.ts'
import { measurePull } from './measure.ts'
import { dismissReview } from './review.ts'

/** Open pull requests that come from, or go into, the branch, each with the repository that it belongs to. */
export function openPullsOf(
  world: World,
  side: { head?: number; base?: number; branch: string },
): [Repository, Pull][] {
  const found: [Repository, Pull][] = []
  for (const repository of world.repositories.values()) {
    if (side.base !== undefined && repository.id !== side.base) continue
    for (const pull of repository.pulls.values()) {
      if (pull.issue.state !== 'open') continue
      const fits =
        side.base === undefined
          ? pull.head.repositoryId === side.head && pull.head.ref === side.branch
          : pull.base.ref === side.branch
      if (fits) found.push([repository, pull])
    }
  }
  return found
}

/** Tells Apps about the pull request, as it now is. */
export async function announcePull(
  world: World,
  repository: Repository,
  pull: Pull,
  actorId: number,
  action: string,
  extra: Record<string, unknown> = {},
): Promise<void> {
  await announce(world, repository, actorId, 'pull_request', action, async () => {
    await measurePull(repository, pull)
    // GitHub works out whether a pull request can be merged after it has told about it.
    const shape = fullPull(world, repository, pull, null)
    return { number: pull.issue.number, pull_request: shape, ...extra }
  })
}

/** Makes a commit of the head's repository known to the base's, and keeps `refs/pull/N/head` on it. */
export async function bringHead(world: World, repository: Repository, pull: Pull): Promise<void> {
  const ref = `refs/pull/${pull.issue.number}/head`
  const from = repositoryOf(world, pull.head.repositoryId)
  if (from !== repository)
    await git(repository.gitDir, ['fetch', '--quiet', '--no-tags', from.gitDir, pull.head.sha])
  await moveOwnRef(repository, ref, pull.head.sha)
}

/** Follows a push to the head branch. */
export async function synchronisePull(
  world: World,
  repository: Repository,
  pull: Pull,
  push: { before: string; after: string; forced: boolean; actorId: number },
): Promise<void> {
  pull.head.sha = push.after
  pull.base.sha = branchSha(repository, pull.base.ref) ?? pull.base.sha
  pull.issue.updatedAt = world.clock.now()
  await bringHead(world, repository, pull)
  if (push.forced) {
    for (const review of pull.reviews) {
      // As on GitHub: a review of a commit that the pull request has lost is shown as one of its new head.
      if (!(await isAncestor(repository, review.commitId, push.after))) review.commitId = push.after
    }
  }
  await tryMerge(world, repository, pull)
  await announcePull(world, repository, pull, push.actorId, 'synchronize', {
    before: push.before,
    after: push.after,
  })
  if (repository.protections.get(pull.base.ref)?.dismissStale) {
    for (const review of pull.reviews) {
      if (review.state === 'APPROVED') await dismissReview(world, repository, pull, review, push.actorId)
    }
  }
}

/** Closes the pull request without merging it. */
export async function closePull(
  world: World,
  repository: Repository,
  pull: Pull,
  actorId: number,
): Promise<void> {
  const now = world.clock.now()
  Object.assign(pull.issue, { state: 'closed', closedAt: now, updatedAt: now })
  pull.issue.events.push({ id: world.nextId(), event: 'closed', actorId, createdAt: now })
  await announcePull(world, repository, pull, actorId, 'closed')
}

/** Records that the pull request's changes are in its base. */
export async function markMerged(
  world: World,
  repository: Repository,
  pull: Pull,
  actorId: number,
  commitSha: string,
): Promise<void> {
  const now = world.clock.now()
  // Counts stay those of before the merge: afterwards nothing is left between the two.
  Object.assign(pull.issue, { state: 'closed', closedAt: now, updatedAt: now })
  Object.assign(pull, { mergedAt: now, mergedById: actorId, mergeCommitSha: commitSha })
  await announcePull(world, repository, pull, actorId, 'closed')
}

/** Keeps `refs/pull/N/merge` and `merge_commit_sha` on the commit that a merge would make. */
export async function tryMerge(world: World, repository: Repository, pull: Pull): Promise<void> {
  const measured = await measurePull(repository, pull)
  if (measured?.mergeTree == null || pull.issue.state === 'closed') return
  const ref = `refs/pull/${pull.issue.number}/merge`
  const known = repository.refs.get(ref)
  if (known !== undefined && pull.mergeCommitSha === known && pull.tested === measured) return
  const who = webCommitter(world)
  const sha = await writeCommit(repository.objects, {
    tree: measured.mergeTree,
    parents: [measured.baseSha, measured.headSha],
    author: who,
    committer: who,
    message: `Merge ${measured.headSha} into ${measured.baseSha}`,
  })
  await moveOwnRef(repository, ref, sha)
  Object.assign(pull, { mergeCommitSha: sha, tested: measured })
}

/** Refs under `refs/pull/` are GitHub's own: pushes to them are refused. */
async function moveOwnRef(repository: Repository, ref: string, sha: string): Promise<void> {
  await repository.refStore.move(ref, sha)
  repository.refs.set(ref, sha)
}
