import { changeTree, readCommit } from '../git-objects.ts'
import type { Repository } from '../state/repository.ts'
import { changesOf, type EntryChange } from '../tree-diff.ts'

/**
 * What a straight line of commits changes since it left the base: the first one's parent is the merge base then.
 * Null when the commits are no straight line.
 */
export async function lineSinceFork(
  repository: Repository,
  commits: readonly string[],
): Promise<{ forkTree: string; changes: EntryChange[] } | null> {
  let previous: string | undefined
  let fork: string | undefined
  let tree: string | null = null
  for (const sha of commits) {
    const commit = await readCommit(repository.objects, sha)
    const [parent] = commit?.parents ?? []
    if (!commit || parent === undefined || commit.parents.length !== 1) return null
    if (previous !== undefined && parent !== previous) return null
    fork ??= parent
    previous = sha
    tree = commit.tree
  }
  const from = fork === undefined ? null : await readCommit(repository.objects, fork)
  if (!from) return null
  return { forkTree: from.tree, changes: await changesOf(repository.objects, from.tree, tree) }
}

/**
 * The tree of a merge in which nothing can meet: the base only added or changed files since the fork (so nothing
 * was renamed there), and neither side touched a path of the other. Null when git must merge.
 */
export async function disjointMerge(
  repository: Repository,
  fork: { forkTree: string; changes: readonly EntryChange[] },
  baseTree: string,
): Promise<string | null> {
  const theirs = await changesOf(repository.objects, fork.forkTree, baseTree)
  if (theirs.some((change) => change.after === null)) return null
  const paths = theirs.map((change) => change.path)
  const touched = new Set(paths)
  const folders = new Set(paths.flatMap(parents))
  for (const { path } of fork.changes) {
    if (touched.has(path) || folders.has(path) || parents(path).some((folder) => touched.has(folder)))
      return null
  }
  const ours = new Map(fork.changes.map(({ path, after }) => [path, after]))
  return changeTree(repository.objects, baseTree, ours)
}

const parents = (path: string) =>
  path
    .split('/')
    .slice(0, -1)
    .map((_, at, parts) => parts.slice(0, at + 1).join('/'))
