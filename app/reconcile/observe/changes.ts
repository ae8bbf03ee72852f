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
 * @param openedOn what the branch held when the pull request was opened, none of which is its own; spares asking GitHub
 */
export const diffOf = async (
  api: Pick<RepositoryApi, 'pullsOf'>,
  mirror: Mirror,
  pull: PullRequest,
  openedOn?: Sha,
): Promise<Diff> => {
  const merge = pull.merged ? pull.mergeCommit : undefined
  const { tip } = await mirror.fetch(merge === undefined ? [pull.head.sha] : [pull.head.sha, merge])
  let before = merge === undefined ? tip : await branchBefore(api, mirror, pull, merge)
  let base = await baseOf(mirror, before, pull)
  if (merge !== undefined && (await isMerge(mirror, pull, merge))) {
    // The first parent of a merge made by hand can hold part of the pull request,
    const opened = openedOn !== undefined && (await isPast(mirror, openedOn, before)) ? openedOn : undefined
    for (let step = 1; await isOwnBase(api, mirror, pull, base, opened); step += 1) {
      before = await beforeOwn(mirror, base, step)
      base = await baseOf(mirror, before, pull)
    }
    // or be what the branch held long before.
    await mustBeOwn(api, mirror, pull, before)
  }
  return { tip, before, base, changes: await mirror.changes(base, pull.head.sha) }
}

const baseOf = async (mirror: Mirror, before: Sha, pull: PullRequest): Promise<Sha> => {
  const base = await mirror.mergeBase(before, pull.head.sha)
  if (base === undefined) throw new Trouble('the pull request shares no history with the branch')
  return base
}

const isMerge = async (mirror: Mirror, { head }: PullRequest, merge: Sha): Promise<boolean> =>
  merge !== head.sha && (await mirror.parents(merge)).length > 1

/** Whether a commit lies in what another builds on: a branch that was rewritten since may hold it no longer. */
const isPast = async (mirror: Mirror, commit: Sha, of: Sha): Promise<boolean> =>
  (await mirror.has(commit)) && (await mirror.isAncestor(commit, of))

/** Whether a merge came with this commit of the pull request's, and not one that it builds on and that was merged before. */
const isOwnBase = async (
  api: Pick<RepositoryApi, 'pullsOf'>,
  mirror: Mirror,
  { number, head, base: { ref } }: PullRequest,
  base: Sha,
  openedOn: Sha | undefined,
): Promise<boolean> => {
  if (openedOn !== undefined && (await isPast(mirror, base, openedOn))) return false
  const tied = await api.pullsOf(base)
  if (!tied.some((one) => one.number === number)) return false
  for (const other of tied) {
    if (other.number === number || other.head.sha === head.sha) continue
    if (!other.merged || other.base.ref !== ref) continue
    if ((await mirror.has(other.head.sha)) && (await mirror.isAncestor(other.head.sha, head.sha)))
      return false
  }
  return true
}

/** Of what a merge brings with the head, all has to be the pull request's: the branch held the rest already. */
const mustBeOwn = async (
  api: Pick<RepositoryApi, 'pullsOf'>,
  mirror: Mirror,
  { number, head }: PullRequest,
  before: Sha,
): Promise<void> => {
  const others = (await mirror.commits(before, head.sha)).filter(({ sha }) => sha !== head.sha)
  if (others.length > mostSteps)
    throw new Trouble(`the merge brings more than ${mostSteps} commits: ask again, in fewer`)
  for (const { sha } of others) {
    if ((await api.pullsOf(sha)).some((one) => one.number === number)) continue
    const which = `the merge brings ${sha}, which is not the pull request's own`
    throw new Trouble(`${which}: what the branch held before it cannot be told; ${remedy}`)
  }
}

const branchBefore = async (
  api: Pick<RepositoryApi, 'pullsOf'>,
  mirror: Mirror,
  pull: PullRequest,
  merge: Sha,
): Promise<Sha> => {
  const parents = await mirror.parents(merge)
  if (await isMerge(mirror, pull, merge)) return firstOf(parents)
  let before = await beforeOwn(mirror, merge, 1)
  const own = async () => (await api.pullsOf(before)).some(({ number }) => number === pull.number)
  for (let step = 2; await own(); step += 1) before = await beforeOwn(mirror, before, step)
  return before
}

const remedy = 'ask again under a new path, in a pull request that GitHub merges'
const mostSteps = 200

/**
 * What the branch held before a commit of the pull request's own. Past a merge, such as "Update branch" makes, nobody
 * can tell: what reached the branch since the pull request left it would pass for the pull request's (trust.md 3.4).
 */
const beforeOwn = async (mirror: Mirror, own: Sha, step: number): Promise<Sha> => {
  if (step > mostSteps)
    throw new Trouble(`the branch holds more than ${mostSteps} commits of the pull request's own: ${remedy}`)
  const parents = await mirror.parents(own)
  if (parents.length > 1) {
    const which = `${own} is a merge of the pull request's own`
    throw new Trouble(`${which}: what the branch held before it cannot be told; ${remedy}`)
  }
  return firstOf(parents)
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
