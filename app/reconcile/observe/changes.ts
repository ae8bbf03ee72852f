import type { PathFact } from '../../decision/facts.ts'
import type { ReconcileDeps } from '../deps.ts'
import type { Change, Mirror, Sha } from '../ports/git.ts'
import type { PullRequest } from '../ports/github.ts'
import { Trouble } from './trouble.ts'

export type Diff = {
  readonly tip: Sha
  /** Where the pull request leaves the branch. */
  readonly base: Sha
  readonly changes: readonly Change[]
}

/**
 * The whole pull request as the trees say it (trust.md 6.11, 6.12). Once merged, the branch holds it, so
 * the branch is taken as it was before: the merge commit's first parent, or, where somebody pushed the head
 * itself to the branch, the last commit reconciled.
 */
export const diffOf = async (
  deps: Pick<ReconcileDeps, 'store'>,
  repository: number,
  mirror: Mirror,
  pull: PullRequest,
): Promise<Diff> => {
  const merge = pull.merged ? pull.mergeCommit : undefined
  const { tip } = await mirror.fetch(merge === undefined ? [pull.head.sha] : [pull.head.sha, merge])
  const before =
    merge === undefined ? tip : await branchBefore(deps, repository, mirror, pull.head.sha, merge)
  const base = await mirror.mergeBase(before, pull.head.sha)
  if (base === undefined) throw new Trouble('the pull request shares no history with the branch')
  return { tip, base, changes: await mirror.changes(base, pull.head.sha) }
}

const branchBefore = async (
  deps: Pick<ReconcileDeps, 'store'>,
  repository: number,
  mirror: Mirror,
  head: Sha,
  merge: Sha,
): Promise<Sha> => {
  if (merge === head) {
    const cursor = (await deps.store.branch(repository))?.cursor
    if (cursor !== undefined && cursor !== merge && (await mirror.isAncestor(cursor, merge))) return cursor
  }
  const parent = (await mirror.parents(merge))[0]
  if (parent === undefined) throw new Trouble('the merge commit has no parent')
  return parent
}

export const pathFact = (change: Change): PathFact => ({
  path: change.path,
  kind: change.before === undefined ? 'added' : change.after === undefined ? 'deleted' : 'changed',
  ...(change.after === undefined ? {} : { mode: change.after.mode }),
})
