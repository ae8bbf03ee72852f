import { type Commit, GitError, type Sha } from '../reconcile/ports/git.ts'
import { type Ran, runGit } from './child.ts'
import { commitOf } from './commit.ts'
import type { Objects } from './objects.ts'
import { isSha, requireSha } from './sha.ts'

/** More commits than this are no access request; they are refused rather than half read. */
const commitsLimit = 10_000

export type HistoryOptions = {
  readonly gitDir: string
  readonly env: Record<string, string>
  readonly timeoutMs: number
  readonly objects: Objects
}

/** What needs git's own walk over commits: each question is one process, asked by full ids only. */
export function createHistory({ gitDir, env, timeoutMs, objects }: HistoryOptions) {
  /** Commits must be present: git's complaint about an absent one differs from verb to verb. */
  const present = async (...commits: readonly Sha[]) => {
    for (const sha of commits) {
      const info = await objects.info(requireSha(sha))
      if (info?.type !== 'commit') throw new GitError('missing', `commit ${sha} is not in the mirror`)
    }
  }
  const run = async (args: readonly string[], allowed: readonly number[] = [0]): Promise<Ran> => {
    const ran = await runGit([`--git-dir=${gitDir}`, ...args], { env, timeoutMs })
    // Its commits are there, so what git lacks or cannot read now is damage.
    if (!allowed.includes(ran.code))
      throw new GitError('corrupt', `git ${args[0]} failed: ${ran.stderr || `exit ${ran.code}`}`)
    return ran
  }
  const list = async (args: readonly string[]) =>
    (await run(['rev-list', ...args])).stdout.toString('latin1').split('\n').filter(isSha)

  return {
    async mergeBase(a: Sha, b: Sha): Promise<Sha | undefined> {
      await present(a, b)
      const { code, stdout } = await run(['merge-base', a, b], [0, 1])
      return code === 0 ? stdout.toString('latin1').trim() : undefined
    },
    async isAncestor(ancestor: Sha, descendant: Sha): Promise<boolean> {
      await present(ancestor, descendant)
      return (await run(['merge-base', '--is-ancestor', ancestor, descendant], [0, 1])).code === 0
    },
    async commits(base: Sha, head: Sha): Promise<readonly Commit[]> {
      await present(base, head)
      const shas = await list([`--max-count=${commitsLimit + 1}`, head, `^${base}`])
      if (shas.length > commitsLimit) throw new GitError('too_large', `more than ${commitsLimit} commits`)
      return Promise.all(shas.map((sha) => commitOf(objects, sha)))
    },
    async firstParents(from: Sha, to: Sha): Promise<readonly Sha[] | undefined> {
      await present(from, to)
      if (from === to) return []
      const steps = await list(['--first-parent', '--reverse', to, `^${from}`])
      const oldest = steps[0]
      if (oldest === undefined) return undefined
      // Everything reachable from `from` is left out, so the walk ends right after it if it is on the line at all.
      return (await commitOf(objects, oldest)).parents[0] === from ? steps : undefined
    },
    async everHeld(commit: Sha, path: string): Promise<boolean> {
      await present(commit)
      // --full-history: by default git leaves out side branches whose changes a merge undid.
      return (await list(['--full-history', '--max-count=1', commit, '--', path])).length > 0
    },
  }
}
