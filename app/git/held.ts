import { GitError, type Sha } from '../reconcile/ports/git.ts'
import { commitOf } from './commit.ts'
import type { Objects } from './objects.ts'
import { diffTrees } from './tree.ts'

/** Paths kept in memory, some 150 bytes each; when there are more, git is asked about each. */
const mostKept = 100_000

/** What lay below one folder in the history of a line's steps (line.ts): git is asked once for what it began with. */
export type Held = {
  /** A new line from this commit on, of which nothing is known. */
  begin(from: Sha): void
  /** What this step reached that no step before it did; all or nothing of it is taken. */
  step(step: { readonly number: number; readonly sha: Sha }, commits: Iterable<Sha>): Promise<void>
  /** Whether anything that a step reaches held this path; undefined: ask git. */
  upTo(step: number, path: string): Promise<boolean | undefined>
}

/** What is known from a step on: all that it reaches held what `begun` says, once git was asked. */
type Known = {
  readonly since: { readonly number: number; readonly sha: Sha }
  /** The first step that reaches a commit which holds a path. */
  readonly first: Map<string, number>
  begun?: Promise<boolean>
}

/** @param all the paths below `folder` that anything which a commit reaches ever held */
export function createHeld(
  objects: Objects,
  folder: string,
  all: (commit: Sha) => Promise<readonly string[]>,
): Held {
  let known: Known | undefined
  const from = (since: Known['since']): Known => ({ since, first: new Map() })
  /** A commit's own part: its first parent is reached with it or was before, and counts for itself. */
  const brought = async (sha: Sha): Promise<readonly string[]> => {
    const { parents } = await commitOf(objects, sha)
    const changes = await diffTrees(objects, parents[0] ?? 'empty', sha, folder)
    return changes.filter(({ after }) => after !== undefined).map(({ path }) => path)
  }
  /** @returns whether all that was there at first is known now */
  const begin = async ({ since, first }: Known): Promise<boolean> => {
    const paths = withFolders(await all(since.sha))
    if (first.size + paths.size > mostKept) return false
    for (const path of paths) first.set(path, since.number)
    return true
  }

  return {
    begin(sha) {
      known = from({ number: 0, sha })
    },
    async step(step, commits) {
      if (known === undefined) return
      const { first } = known
      try {
        const paths: string[] = []
        for (const sha of commits) paths.push(...(await brought(sha)))
        for (const path of withFolders(paths)) if (!first.has(path)) first.set(path, step.number)
        if (first.size > mostKept) known = from(step)
      } catch (error) {
        // Git follows single paths through what is too large to be read.
        if (!(error instanceof GitError && error.code === 'too_large')) throw error
        known = from(step)
      }
    },
    async upTo(step, path) {
      const at = known
      if (at === undefined || step < at.since.number || !path.startsWith(`${folder}/`)) return undefined
      at.begun ??= begin(at)
      const complete = await at.begun.catch((error: unknown) => {
        delete at.begun
        throw error
      })
      return complete ? (at.first.get(path) ?? Number.POSITIVE_INFINITY) <= step : undefined
    },
  }
}

/** The paths, and every folder above them. */
function withFolders(paths: readonly string[]): ReadonlySet<string> {
  const every = new Set<string>()
  for (const path of paths) {
    for (let at = path; at !== '' && !every.has(at); at = at.slice(0, Math.max(0, at.lastIndexOf('/'))))
      every.add(at)
  }
  return every
}
