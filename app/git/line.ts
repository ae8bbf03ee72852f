import { inTurn } from '../reconcile/in-turn.ts'
import { type Sha, unlessTooLarge } from '../reconcile/ports/git.ts'
import { commitOf } from './commit.ts'
import type { Held } from './held.ts'
import type { Objects } from './objects.ts'

/** Commits kept in memory, some 100 bytes each; a branch with more is git's to walk. */
const mostKept = 200_000
/** Steps from one tip to the next that are walked here; a longer way begins the line anew. */
const mostSteps = 1000

export type Line = {
  /** Takes the branch's new tip: commits of its first-parent line since the last one can be asked about. */
  follow(tip: Sha): Promise<void>
  /** Tells whether a commit is `of` or an ancestor of it; undefined: `of` is not on the line, ask git. */
  below(of: Sha): ((commit: Sha) => boolean) | undefined
  /** Whether anything ever lay at a path in the history of `of`; undefined: ask git, and say what it answered. */
  held(of: Sha, path: string): boolean | undefined
  learn(of: Sha, path: string, held: boolean): void
}

/**
 * The branch's ancestry in memory, so that the questions of each look cost no process. Exact, and independent of
 * dates: each commit is numbered by the first step of the line from which it can be reached.
 * @param all every commit reachable from one, by git; more than `limit` of them: undefined
 */
export function createLine(
  objects: Objects,
  all: (tip: Sha, limit: number) => Promise<readonly Sha[] | undefined>,
  held: Held,
): Line {
  let steps = new Map<Sha, number>()
  let reached = new Map<Sha, number>()
  let tip: Sha | undefined
  const turn = inTurn()

  /** The line from the last tip to this one, oldest first; undefined where it does not lead there. */
  async function stepsTo(next: Sha): Promise<readonly Sha[] | undefined> {
    const way: Sha[] = []
    for (let at: Sha | undefined = next; at !== tip; at = (await commitOf(objects, at)).parents[0]) {
      if (at === undefined || way.length === mostSteps) return undefined
      way.push(at)
    }
    return way.reverse()
  }

  async function begin(next: Sha): Promise<void> {
    const commits = await all(next, mostKept)
    held.begin()
    reached = new Map(commits?.map((sha) => [sha, 0]))
    steps = new Map(commits && [[next, 0]])
    tip = commits && next
  }

  async function take(next: Sha): Promise<void> {
    if (next === tip) return
    const known = tip !== undefined && reached.size <= mostKept
    // Git walks past a commit that is too large to be read.
    if (!(known && (await unlessTooLarge(walk(next))))) await begin(next)
  }

  /** Whether the line leads to this tip, in so many steps as are walked here; if so it is taken. */
  async function walk(next: Sha): Promise<boolean> {
    const way = await stepsTo(next)
    if (way === undefined) return false
    for (const step of way) {
      const number = steps.size
      // Numbered only when all of it was read, so that a failure in the middle leaves nothing half known.
      const found = new Set<Sha>()
      const open = [step]
      for (let at = open.pop(); at !== undefined; at = open.pop()) {
        if (reached.has(at) || found.has(at)) continue
        found.add(at)
        open.push(...(await commitOf(objects, at)).parents)
      }
      await held.step(number, found)
      for (const sha of found) reached.set(sha, number)
      steps.set(step, number)
      tip = step
    }
    return true
  }

  return {
    follow: (next) => turn(() => take(next)),
    below(of) {
      const step = steps.get(of)
      return step === undefined
        ? undefined
        : (commit) => (reached.get(commit) ?? Number.POSITIVE_INFINITY) <= step
    },
    held(of, path) {
      const step = steps.get(of)
      return step === undefined ? undefined : held.upTo(step, path)
    },
    learn(of, path, answer) {
      const step = steps.get(of)
      if (step !== undefined) held.learn(step, path, answer)
    },
  }
}
