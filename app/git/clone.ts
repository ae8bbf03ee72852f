import { GitError, type Mirror, type Sha, unlessTooLarge } from '../reconcile/ports/git.ts'
import { runGit } from './child.ts'
import { commitOf } from './commit.ts'
import { gitEnvironment } from './environment.ts'
import { createObjects, type Objects } from './objects.ts'
import { isSha } from './sha.ts'
import { diffTrees, findEntry, hashOfTree, listTree } from './tree.ts'

/** One commit of a branch that only anchors are written to. */
export type AnchorCommit = {
  readonly sha: Sha
  readonly parents: readonly Sha[]
  /** Committer's time, epoch ms. */
  readonly at: number
  /** Its file `checkpoint`, if it has one that can be read. */
  readonly checkpoint?: string
}

export type AnchorBranch = {
  /** Parents before children; not in a line where somebody merged. */
  readonly shas: readonly Sha[]
  /** What lies at each of these, one after the other: a year of anchors is half a million. */
  commits(): AsyncIterable<AnchorCommit>
  /** Lines of `keys` at the tip. */
  readonly keys: readonly string[]
  /** Every file of `rotations/` at the tip; empty: something that cannot be one. */
  readonly rotations: readonly string[]
}

/** A step of a branch's first parents that added files. */
export type Added = {
  readonly sha: Sha
  /** Committer's time, epoch ms. */
  readonly at: number
  readonly paths: readonly string[]
}

export type Line = {
  /** Name of the branch that was followed. */
  readonly branch: string
  /** First parents, oldest first. */
  readonly commits: readonly Sha[]
  readonly added: readonly Added[]
}

/** Somebody's clone of a repository, read only. Throws `GitError`. */
export type Clone = Pick<Mirror, 'tree' | 'blob' | 'treeHash' | 'changes'> & {
  /** undefined: it has no such branch. */
  anchors(branch: string): Promise<AnchorBranch | undefined>
  /** The main branch, or the one named, where it has one, and what its first-parent steps added below `folder`. */
  line(folder: string, named?: string): Promise<Line | undefined>
  close(): void
}

const textLimit = 1_000_000
const outputLimit = 512 * 1024 * 1024

export async function openClone(dir: string, timeoutMs = 300_000): Promise<Clone> {
  const env = gitEnvironment()
  const git = async (...args: readonly string[]) => {
    const ran = await runGit(['-C', dir, ...args], { env, timeoutMs, limit: outputLimit })
    if (ran.code !== 0)
      throw new GitError('missing', `git ${args[0]} in ${dir} failed: ${ran.stderr || `exit ${ran.code}`}`)
    return ran.stdout.toString('utf8')
  }
  const gitDir = (await git('rev-parse', '--absolute-git-dir')).trimEnd()
  const objects = createObjects(gitDir, { env, timeoutMs })

  /** The first of these refs that is there, as a commit. A clone's copy of a remote branch is newer than its own. */
  const firstOf = async (refs: readonly string[]): Promise<Sha | undefined> => {
    for (const ref of refs) {
      const ran = await runGit(['-C', dir, 'rev-parse', '--verify', '--quiet', `${ref}^{commit}`], {
        env,
        timeoutMs,
      })
      const sha = ran.stdout.toString('latin1').trim()
      if (ran.code === 0 && isSha(sha)) return sha
    }
    return undefined
  }

  return {
    async anchors(branch) {
      const tip = await firstOf([`refs/remotes/origin/${branch}`, `refs/heads/${branch}`])
      if (tip === undefined) return undefined
      const listed = (await git('log', '--topo-order', '--reverse', '--format=%H %ct', tip))
        .split('\n')
        .map((line) => line.split(' '))
        .filter(([sha = '']) => isSha(sha))
      const rotations = await unlessTooLarge(listTree(objects, tip, 'rotations/'))
      return {
        shas: listed.map(([sha = '']) => sha),
        async *commits() {
          for (const [sha = '', at] of listed) {
            const commit = await unlessTooLarge(commitOf(objects, sha))
            const checkpoint = commit && (await textAt(objects, sha, 'checkpoint'))
            const parents = commit?.parents ?? []
            yield {
              sha,
              parents,
              at: Number(at) * 1_000,
              ...(checkpoint === undefined ? {} : { checkpoint }),
            }
          }
        },
        keys: ((await textAt(objects, tip, 'keys')) ?? '').split('\n').filter((line) => line !== ''),
        rotations: rotations
          ? await Promise.all(rotations.map(async ({ sha }) => (await textOf(objects, sha)) ?? ''))
          : [''],
      }
    },
    async line(folder, named) {
      const tip = await firstOf(
        named === undefined
          ? ['refs/remotes/origin/HEAD', 'HEAD']
          : [`refs/remotes/origin/${named}`, `refs/heads/${named}`],
      )
      if (tip === undefined) return undefined
      const commits = (await git('rev-list', '--first-parent', '--reverse', tip)).split('\n').filter(isSha)
      const log = await git(
        ...['log', '--first-parent', '--reverse', '--diff-merges=first-parent', '--diff-filter=A'],
        ...['--no-renames', '--name-only', '--format=commit %H %ct', tip, '--', folder],
      )
      return { branch: named ?? (await branchName()), commits, added: addedOf(log) }
    },
    tree: (commit, prefix) => listTree(objects, commit, prefix),
    blob: (sha, limit) => objects.contents(sha, 'blob', limit),
    treeHash: (commit, path) => hashOfTree(objects, commit, path),
    changes: (from, to, prefix) => diffTrees(objects, from, to, prefix),
    close: objects.stop,
  }

  async function branchName(): Promise<string> {
    for (const ref of ['refs/remotes/origin/HEAD', 'HEAD']) {
      const ran = await runGit(['-C', dir, 'symbolic-ref', '--quiet', '--short', ref], { env, timeoutMs })
      if (ran.code === 0)
        return ran.stdout
          .toString('utf8')
          .trim()
          .replace(/^origin\//, '')
    }
    return 'HEAD'
  }
}

async function textAt(objects: Objects, commit: Sha, path: string): Promise<string | undefined> {
  const entry = await unlessTooLarge(findEntry(objects, commit, path))
  return entry && textOf(objects, entry.sha)
}

/** undefined: no file, or one too large: whoever may write the branch must not keep anybody from reading it. */
async function textOf(objects: Objects, sha: Sha): Promise<string | undefined> {
  if ((await objects.info(sha))?.type !== 'blob') return undefined
  const bytes = await unlessTooLarge(objects.contents(sha, 'blob', textLimit))
  return bytes?.toString('utf8')
}

/** Of `git log --name-only`: a line for each commit, then one for each path. Paths that git quotes are none of ours. */
function addedOf(log: string): readonly Added[] {
  const found: { sha: Sha; at: number; paths: string[] }[] = []
  for (const line of log.split('\n')) {
    const [, sha, at] = /^commit ([0-9a-f]{40}) (\d+)$/.exec(line) ?? []
    if (sha !== undefined) found.push({ sha, at: Number(at) * 1_000, paths: [] })
    else if (line !== '') found.at(-1)?.paths.push(line)
  }
  return found
}
