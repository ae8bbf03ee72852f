import { atMost } from '../reconcile/at-most.ts'
import { type Commit, GitError, type Sha, unlessTooLarge } from '../reconcile/ports/git.ts'
import { type Ran, runGit } from './child.ts'
import { commitOf } from './commit.ts'
import { createHeld } from './held.ts'
import { createLine } from './line.ts'
import type { Objects } from './objects.ts'
import { isSha, requireSha } from './sha.ts'

/** More commits than this are no access request; they are refused rather than half read. */
const commitsLimit = 10_000
/** Nor as many who wrote along; what lies in such a commit is read all the same. */
const coAuthorsLimit = 20_000
/** Of commits without number, so many messages are in memory. */
const readAtOnce = 16
/** Commits read one by one before git is asked to walk: a pull request has a few. */
const readLimit = 200
/** Whose paths are asked about all the time. */
const requests = 'requests'

/** Counts who wrote along; whether it is too many by now. */
const crowd = () => {
  let people = 0
  return ({ coAuthors }: Commit): boolean => {
    people += coAuthors.length
    return people > coAuthorsLimit
  }
}

/** All mirrors' walks together: each is a process, and a pull request can ask for a hundred at once. */
const turn = atMost(8)

export type HistoryOptions = {
  readonly gitDir: string
  readonly env: Record<string, string>
  readonly timeoutMs: number
  readonly objects: Objects
}

/**
 * Questions about ancestry, by full ids only. What the branch's line in memory or a few commits can tell, they do;
 * all else is git's own walk, a process each.
 */
export function createHistory({ gitDir, env, timeoutMs, objects }: HistoryOptions) {
  /** Commits must be present: git's complaint about an absent one differs from verb to verb. */
  const present = async (...commits: readonly Sha[]) => {
    for (const sha of commits) {
      const info = await objects.info(requireSha(sha))
      if (info?.type !== 'commit') throw new GitError('missing', `commit ${sha} is not in the mirror`)
    }
  }
  const run = async (args: readonly string[], allowed: readonly number[] = [0]): Promise<Ran> => {
    const ran = await turn(() => runGit([`--git-dir=${gitDir}`, ...args], { env, timeoutMs }))
    // Its commits are there, so what git lacks or cannot read now is damage.
    if (!allowed.includes(ran.code))
      throw new GitError('corrupt', `git ${args[0]} failed: ${ran.stderr || `exit ${ran.code}`}`)
    return ran
  }
  const list = async (args: readonly string[]) =>
    (await run(['rev-list', ...args])).stdout.toString('latin1').split('\n').filter(isSha)

  const line = createLine(
    objects,
    async (tip, limit) => {
      const shas = await list([`--max-count=${limit + 1}`, tip])
      return shas.length > limit ? undefined : shas
    },
    createHeld(objects, requests),
  )
  /** The ways back from `head`, and where they first meet what `stop` holds; undefined: more than is read here. */
  const meet = async (head: Sha, stop: (sha: Sha) => boolean) => {
    const met: Sha[] = []
    const passed: Commit[] = []
    const seen = new Set([head])
    const tooMany = crowd()
    for (const sha of seen) {
      if (stop(sha)) met.push(sha)
      else if (seen.size > readLimit) return undefined
      else {
        const commit = await commitOf(objects, sha)
        if (tooMany(commit)) return undefined
        passed.push(commit)
        for (const parent of commit.parents) seen.add(parent)
      }
    }
    return { met, passed }
  }
  /** From `head` back to `base` by first parents, without `base`; undefined: more than is read here. */
  const backTo = async (base: Sha, head: Sha): Promise<readonly Commit[] | undefined> => {
    const way: Commit[] = []
    const tooMany = crowd()
    for (let at: Sha | undefined = head; at !== base; at = way.at(-1)?.parents[0]) {
      if (at === undefined || way.length === readLimit) return undefined
      const commit = await unlessTooLarge(commitOf(objects, at))
      if (commit === undefined || tooMany(commit)) return undefined
      way.push(commit)
    }
    return way
  }

  return {
    follow: line.follow,
    async mergeBase(a: Sha, b: Sha): Promise<Sha | undefined> {
      await present(a, b)
      const below = line.below(a)
      const met = below && (await meet(b, below))?.met
      // Several may be ancestors of one another: git tells the best.
      if (met !== undefined && met.length < 2) return met[0]
      const { code, stdout } = await run(['merge-base', a, b], [0, 1])
      return code === 0 ? stdout.toString('latin1').trim() : undefined
    },
    async isAncestor(ancestor: Sha, descendant: Sha): Promise<boolean> {
      await present(ancestor, descendant)
      const below = line.below(descendant)
      if (below) return below(ancestor)
      return (await run(['merge-base', '--is-ancestor', ancestor, descendant], [0, 1])).code === 0
    },
    async commits(base: Sha, head: Sha): Promise<readonly Commit[]> {
      await present(base, head)
      const below = line.below(base)
      const passed = below && (await meet(head, below))?.passed
      if (passed !== undefined) return passed
      const way = await backTo(base, head)
      // Without a merge in it, nothing else leads to the head.
      if (way?.every(({ parents }) => parents.length === 1)) return way
      const shas = await list([`--max-count=${commitsLimit + 1}`, head, `^${base}`])
      if (shas.length > commitsLimit) throw new GitError('too_large', `more than ${commitsLimit} commits`)
      const reading = atMost(readAtOnce)
      const tooMany = crowd()
      const read = async (sha: Sha) => {
        const commit = await commitOf(objects, sha)
        if (tooMany(commit)) throw new GitError('too_large', `more than ${coAuthorsLimit} co-authors`)
        return commit
      }
      return Promise.all(shas.map((sha) => reading(() => read(sha))))
    },
    async firstParents(from: Sha, to: Sha): Promise<readonly Sha[] | undefined> {
      await present(from, to)
      const way = await backTo(from, to)
      if (way) return way.map(({ sha }) => sha).reverse()
      const steps = await list(['--first-parent', '--reverse', to, `^${from}`])
      const oldest = steps[0]
      if (oldest === undefined) return undefined
      // Everything reachable from `from` is left out, so the walk ends right after it if it is on the line at all.
      const [parent] = await list(['--first-parent', '--max-count=1', '--skip=1', oldest])
      return parent === from ? steps : undefined
    },
    async everHeld(commit: Sha, path: string): Promise<boolean> {
      await present(commit)
      const onLine = line.held(commit, path)
      if (onLine !== undefined) return onLine
      // --full-history: by default git leaves out side branches whose changes a merge undid.
      const answer = (await list(['--full-history', '--max-count=1', commit, '--', path])).length > 0
      line.learn(commit, path, answer)
      return answer
    },
  }
}
