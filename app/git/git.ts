import { join } from 'node:path'
import type { Clock } from '../reconcile/ports/clock.ts'
import { type Git, GitError, type Mirror, type Sha } from '../reconcile/ports/git.ts'
import type { Log } from '../reconcile/ports/log.ts'
import { commitOf } from './commit.ts'
import { gitEnvironment } from './environment.ts'
import { createFetcher } from './fetcher.ts'
import { createHistory } from './history.ts'
import { createObjects, type Objects } from './objects.ts'
import { diffTrees, findEntry, hashOfTree, listTree } from './tree.ts'

export type GitOptions = {
  /** Where the mirrors lie, one folder each named by the repository's numeric id; may be lost at any time. */
  readonly dir: string
  readonly repositories: readonly {
    readonly id: number
    readonly fullName: string
    readonly branch: string
  }[]
  /** Without credentials: `https://github.com/acme/access.git`. */
  readonly gitUrl: (fullName: string) => string
  readonly token: (repositoryId: number) => Promise<string>
  readonly clock: Clock
  readonly log: Log
  readonly timeouts?: { readonly readMs?: number; readonly fetchMs?: number; readonly cloneMs?: number }
}

/** Mirrors of the configured repositories. `close` ends the processes behind them. */
export function createGit(options: GitOptions): Git & { close(): void } {
  const opened = new Map(
    options.repositories.map((repository) => [repository.id, createMirror(options, repository)]),
  )
  return {
    mirror(repository) {
      const found = opened.get(repository)
      if (!found) throw new GitError('missing', `repository ${repository} is not configured`)
      return found.mirror
    },
    close() {
      for (const { close } of opened.values()) close()
    },
  }
}

function createMirror(options: GitOptions, repository: GitOptions['repositories'][number]) {
  const gitDir = join(options.dir, String(repository.id))
  const env = gitEnvironment()
  const { readMs = 20_000, fetchMs = 120_000, cloneMs = 600_000 } = options.timeouts ?? {}
  const objects = createObjects(gitDir, { env, timeoutMs: readMs })
  const history = createHistory({ gitDir, env, timeoutMs: readMs, objects })
  const fetcher = createFetcher({
    ...repository,
    gitDir,
    objects,
    url: options.gitUrl(repository.fullName),
    token: () => options.token(repository.id),
    clock: options.clock,
    log: options.log,
    fetchTimeoutMs: fetchMs,
    cloneTimeoutMs: cloneMs,
  })

  /** Damage found while reading is repaired by the next fetch. */
  const watched =
    <A extends readonly unknown[], T>(read: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      try {
        return await read(...args)
      } catch (error) {
        if (error instanceof GitError && error.code === 'corrupt') fetcher.suspect()
        throw error
      }
    }

  const mirror: Mirror = {
    fetch: async (wants) => {
      const fetched = await fetcher.fetch(wants)
      await watched(history.follow)(fetched.tip)
      return fetched
    },
    has: watched((commit) => holds(objects, commit)),
    parents: watched(async (commit) => (await commitOf(objects, commit)).parents),
    mergeBase: watched(history.mergeBase),
    isAncestor: watched(history.isAncestor),
    changes: watched((from, to, prefix) => diffTrees(objects, from, to, prefix)),
    tree: watched((commit, prefix) => listTree(objects, commit, prefix)),
    entry: watched((commit, path) => findEntry(objects, commit, path)),
    treeHash: watched((commit, path) => hashOfTree(objects, commit, path)),
    blob: watched((sha, limit) => objects.contents(sha, 'blob', limit)),
    everHeld: watched(history.everHeld),
    commits: watched(history.commits),
    firstParents: watched(history.firstParents),
  }
  return { mirror, close: objects.stop }
}

async function holds(objects: Objects, commit: Sha): Promise<boolean> {
  try {
    return (await objects.info(commit))?.type === 'commit'
  } catch (error) {
    // Not fetched yet: it holds nothing.
    if (error instanceof GitError && error.code === 'missing') return false
    throw error
  }
}
