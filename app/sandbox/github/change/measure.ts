import { runGit } from '../git.ts'
import { mergedTree } from '../history.ts'
import type { Measured, Pull } from '../state/pull.ts'
import { branchSha, type Repository } from '../state/repository.ts'
import type { World } from '../state/world.ts'
import { protectionUnmet } from './protection.ts'

/** Counts of an open pull request and whether it merges, remembered for the pair of commits. */
export async function measurePull(
  _world: World,
  repository: Repository,
  pull: Pull,
): Promise<Measured | null> {
  const baseSha = branchSha(repository, pull.base.ref)
  if (pull.issue.state === 'closed' || baseSha === undefined) return pull.measured
  const headSha = pull.head.sha
  if (pull.measured?.baseSha === baseSha && pull.measured.headSha === headSha) return pull.measured
  const [mergeTree, count, stat] = await Promise.all([
    mergedTree(repository.gitDir, baseSha, headSha),
    runGit(repository.gitDir, ['rev-list', '--count', headSha, `^${baseSha}`]),
    runGit(repository.gitDir, ['diff', '--shortstat', `${baseSha}...${headSha}`]),
  ])
  const number = (pattern: RegExp) => Number(pattern.exec(stat.stdout.toString())?.[1] ?? 0)
  pull.measured = {
    baseSha,
    headSha,
    mergeTree,
    commits: Number(count.stdout.toString()),
    additions: number(/(\d+) insertion/),
    deletions: number(/(\d+) deletion/),
    changedFiles: number(/(\d+) files? changed/),
  }
  return pull.measured
}

/** GitHub's `mergeable_state` of a pull request that has been measured. */
export function mergeableState(world: World, repository: Repository, pull: Pull): string {
  if (pull.issue.state === 'closed') return 'unknown'
  if (pull.measured?.mergeTree == null) return 'dirty'
  if (pull.draft) return 'draft'
  if (protectionUnmet(world, repository, pull) !== null) return 'blocked'
  const failing = repository.checkRuns
    .values()
    .some(
      (run) =>
        run.headSha === pull.head.sha && !['success', 'neutral', 'skipped'].includes(run.conclusion ?? ''),
    )
  return failing ? 'unstable' : 'clean'
}
