import { GitError, type Sha } from '../reconcile/ports/git.ts'
import { commitOf } from './commit.ts'
import type { Objects } from './objects.ts'
import { diffTrees } from './tree.ts'

/** Paths kept in memory, some 150 bytes each; when there are more, git is asked about each again. */
const mostKept = 100_000

/** What lay below one folder in the history of a line's steps (line.ts): git is asked about each path once. */
export type Held = {
  /** A new line, of which nothing is known. */
  begin(): void
  /** What this step reached that no step before it did; all or nothing of it is taken. */
  step(number: number, commits: Iterable<Sha>): Promise<void>
  /** What git said of a path and all that a step reaches. */
  learn(step: number, path: string, held: boolean): void
  /** Whether anything that a step reaches held this path; undefined: ask git. */
  upTo(step: number, path: string): boolean | undefined
}

export function createHeld(objects: Objects, folder: string): Held {
  /** The first step that reaches a commit which holds a path, of steps after the first; complete from `since` on. */
  let first = new Map<string, number>()
  let since = 0
  /** Paths of which it is known whether the steps up to `since` hold them, which `first` then says. */
  let asked = new Set<string>()
  const forget = (step: number) => {
    first = new Map()
    asked = new Set()
    since = step
  }
  /** A commit's own part: its first parent is reached with it or was before, and counts for itself. */
  const brought = async (sha: Sha): Promise<readonly string[]> => {
    const { parents } = await commitOf(objects, sha)
    const changes = await diffTrees(objects, parents[0] ?? 'empty', sha, folder)
    return changes.filter(({ after }) => after !== undefined).map(({ path }) => path)
  }
  const note = (path: string, step: number) => {
    if (!first.has(path)) first.set(path, step)
  }

  return {
    begin: () => forget(0),
    async step(number, commits) {
      try {
        const paths: string[] = []
        for (const sha of commits) paths.push(...(await brought(sha)))
        for (const path of paths) {
          for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) note(at, number)
        }
        if (first.size + asked.size > mostKept) forget(number)
      } catch (error) {
        // Git follows single paths through what is too large to be read.
        if (!(error instanceof GitError && error.code === 'too_large')) throw error
        forget(number)
      }
    },
    learn(step, path, held) {
      if (step < since || !path.startsWith(`${folder}/`)) return
      const at = first.get(path)
      // Held because of what came since: that says nothing of what was before.
      if (held && at !== undefined && at <= step) return
      asked.add(path)
      if (held) first.set(path, since)
    },
    upTo(step, path) {
      const at = first.get(path)
      if (at !== undefined && at <= step) return true
      return step >= since && asked.has(path) ? false : undefined
    },
  }
}
