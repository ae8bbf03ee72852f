import type { PathFact } from '../../decision/facts.ts'
import type { Change, Mirror, Sha } from '../ports/git.ts'
import type { PullRequest, RepositoryApi } from '../ports/github.ts'
import { Trouble } from './trouble.ts'

export type Diff = {
  readonly tip: Sha
  /** What the branch held before this pull request came, or holds while it is open. */
  readonly before: Sha
  /** Where the pull request leaves the branch. */
  readonly base: Sha
  readonly changes: readonly Change[]
}

/**
 * The whole pull request as the trees say it (trust.md 6.11, 6.12). Once merged, the branch holds it, so
 * the branch is taken as it was before: the last of the merge commit's first parents that is not the pull
 * request's own, as those of a rebase or of a push by hand are.
 */
export const diffOf = async (
  api: Pick<RepositoryApi, 'pullsOf'>,
  mirror: Mirror,
  pull: PullRequest,
): Promise<Diff> => {
  const merge = pull.merged ? pull.mergeCommit : undefined
  const { tip } = await mirror.fetch(merge === undefined ? [pull.head.sha] : [pull.head.sha, merge])
  let before = merge === undefined ? tip : await branchBefore(api, mirror, pull, merge)
  let base = await baseOf(mirror, before, pull)
  // The first parent of a merge made by hand can hold part of the pull request.
  while (
    merge !== undefined &&
    merge !== pull.head.sha &&
    (await isOwnBase(api, mirror, pull, merge, base))
  ) {
    before = firstOf(await mirror.parents(base))
    base = await baseOf(mirror, before, pull)
  }
  return { tip, before, base, changes: await mirror.changes(base, pull.head.sha) }
}

const baseOf = async (mirror: Mirror, before: Sha, pull: PullRequest): Promise<Sha> => {
  const base = await mirror.mergeBase(before, pull.head.sha)
  if (base === undefined) throw new Trouble('the pull request shares no history with the branch')
  return base
}

/** Whether a merge came with this commit of the pull request's, and not one that it builds on and that was merged before. */
const isOwnBase = async (
  api: Pick<RepositoryApi, 'pullsOf'>,
  mirror: Mirror,
  { number, head }: PullRequest,
  merge: Sha,
  base: Sha,
): Promise<boolean> => {
  if ((await mirror.parents(merge)).length < 2) return false
  const tied = await api.pullsOf(base)
  if (!tied.some((one) => one.number === number)) return false
  for (const other of tied) {
    if (other.number === number || !other.merged || other.head.sha === head.sha) continue
    if ((await mirror.has(other.head.sha)) && (await mirror.isAncestor(other.head.sha, head.sha)))
      return false
  }
  return true
}

const branchBefore = async (
  api: Pick<RepositoryApi, 'pullsOf'>,
  mirror: Mirror,
  pull: PullRequest,
  merge: Sha,
): Promise<Sha> => {
  const parents = await mirror.parents(merge)
  let before = firstOf(parents)
  // A head that was pushed by hand may be a merge itself.
  if (merge !== pull.head.sha && parents.length > 1) return before
  const own = async () => (await api.pullsOf(before)).some(({ number }) => number === pull.number)
  while (await own()) before = firstOf(await mirror.parents(before))
  return before
}

const firstOf = (parents: readonly Sha[]): Sha => {
  const [first] = parents
  if (first === undefined) throw new Trouble('the merge commit has no parent')
  return first
}

export const pathFact = (change: Change): PathFact => ({
  path: change.path,
  kind: change.before === undefined ? 'added' : change.after === undefined ? 'deleted' : 'changed',
  ...(change.after === undefined ? {} : { mode: change.after.mode }),
})
