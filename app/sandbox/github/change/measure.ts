import { runGit } from '../git.ts'
import { readCommit } from '../git-objects.ts'
import { commitsBetween, isAncestor, mergedTree } from '../history.ts'
import type { Measured, Pull } from '../state/pull.ts'
import { branchSha, type Repository } from '../state/repository.ts'
import type { World } from '../state/world.ts'
import type { EntryChange } from '../tree-diff.ts'
import { protectionUnmet } from './protection.ts'
import { disjointMerge, lineSinceFork } from './quick-merge.ts'

type Lines = Pick<Measured, 'additions' | 'deletions' | 'changedFiles'>

/** Counts of an open pull request and whether it merges, remembered for the pair of commits. */
export async function measurePull(repository: Repository, pull: Pull): Promise<Measured | null> {
  const baseSha = branchSha(repository, pull.base.ref)
  if (pull.issue.state === 'closed' || baseSha === undefined) return pull.measured
  const headSha = pull.head.sha
  if (pull.measured?.baseSha === baseSha && pull.measured.headSha === headSha) return pull.measured
  pull.measured = { baseSha, headSha, ...(await measurePair(repository, baseSha, headSha)) }
  return pull.measured
}

/** Whether and how `head` merges into `base`, and what it brings. */
export async function measurePair(repository: Repository, base: string, head: string) {
  const { objects, gitDir } = repository
  const commits = await commitsBetween(repository, base, head)
  const upToDate = await isAncestor(repository, base, head)
  const fork = await lineSinceFork(repository, commits)
  const [baseTree, headTree] = [
    (await readCommit(objects, base))?.tree,
    (await readCommit(objects, head))?.tree,
  ]
  const quick = fork && baseTree !== undefined ? await disjointMerge(repository, fork, baseTree) : null
  const mergeTree = (upToDate ? headTree : quick) ?? (await mergedTree(gitDir, base, head))
  const lines =
    (fork && (await plainLines(repository, fork.changes))) ?? (await diffLines(repository, base, head))
  return { upToDate, mergeTree, commits, ...lines }
}

/** Counts where all files came, or all went; null where it takes a real diff, which finds changes and renames. */
async function plainLines(repository: Repository, changes: readonly EntryChange[]): Promise<Lines | null> {
  const came = changes.every((change) => change.before === null)
  const went = changes.every((change) => change.after === null)
  if (!came && !went) return null
  const counts = { additions: 0, deletions: 0, changedFiles: changes.length }
  for (const { before, after } of changes) {
    const blob = (await repository.objects.read((after ?? before)?.sha ?? ''))?.body ?? Buffer.alloc(0)
    // As git decides: a NUL among the first 8,000 bytes makes a file binary.
    if (blob.subarray(0, 8000).includes(0)) continue
    const newlines = blob.reduce((sum, byte) => sum + (byte === 10 ? 1 : 0), 0)
    counts[after ? 'additions' : 'deletions'] += newlines + (blob.length > 0 && blob.at(-1) !== 10 ? 1 : 0)
  }
  return counts
}

async function diffLines(repository: Repository, base: string, head: string): Promise<Lines> {
  const text = (
    await runGit(repository.gitDir, ['diff', '--shortstat', `${base}...${head}`])
  ).stdout.toString()
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1] ?? 0)
  return {
    additions: number(/(\d+) insertion/),
    deletions: number(/(\d+) deletion/),
    changedFiles: number(/(\d+) files? changed/),
  }
}

/** GitHub's `mergeable_state` of a pull request that has been measured. */
export function mergeableState(world: World, repository: Repository, pull: Pull): string {
  if (pull.issue.state === 'closed') return 'unknown'
  if (pull.measured?.mergeTree == null) return 'dirty'
  if (pull.draft) return 'draft'
  const strict = repository.protections.get(pull.base.ref)?.strict ?? false
  if (strict && !pull.measured.upToDate) return 'behind'
  if (protectionUnmet(world, repository, pull) !== null) return 'blocked'
  const failing = repository.runsOfHead
    .get(pull.head.sha)
    ?.some((run) => !['success', 'neutral', 'skipped'].includes(run.conclusion ?? ''))
  return failing ? 'unstable' : 'clean'
}
