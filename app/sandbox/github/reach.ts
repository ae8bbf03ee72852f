import { readCommit } from './git-objects.ts'
import type { ObjectStore } from './objects.ts'

/** A repository's commits, and the parents of those already read: a walk over them costs no process. */
export type History = {
  readonly objects: ObjectStore
  readonly parents: Map<string, readonly string[]>
  /** What lies behind the commits asked for last, the latest of them last. */
  readonly lines: Line[]
}

/**
 * What lies behind a commit and the commits that it grew to: a base that moves on is walked only from where it was. Each
 * commit has the place at which it was found; behind one of `sizes` lies whatever has a place before its size.
 */
export type Line = { readonly places: Map<string, number>; readonly sizes: Map<string, number> }

/** More than the branches that pull requests go to. */
const mostLines = 4

/** Parents of a commit; none where it is not there. */
export async function parentsOf({ objects, parents }: History, sha: string): Promise<readonly string[]> {
  const known = parents.get(sha)
  if (known) return known
  const commit = await readCommit(objects, sha)
  if (!commit) return []
  parents.set(sha, commit.parents)
  return commit.parents
}

/** What tells whether a commit can be reached from `tip`, which can itself. */
export async function behind(history: History, tip: string): Promise<(sha: string) => boolean> {
  const line = lineOf(history, tip) ?? (await grown(history, tip)) ?? (await begun(history, tip))
  history.lines.splice(
    0,
    Infinity,
    ...history.lines.filter((each) => each !== line).slice(1 - mostLines),
    line,
  )
  return within(line, tip)
}

/** The same, where it is known without a walk. */
export function knownBehind(history: History, tip: string): ((sha: string) => boolean) | undefined {
  const line = lineOf(history, tip)
  return line && within(line, tip)
}

/** Commits reachable from `from` without passing one of which `stop` says so, parents after children; ends where `found` does. */
export async function walk(
  history: History,
  from: string,
  stop: (sha: string) => boolean,
  found: (sha: string) => boolean = () => false,
): Promise<ReadonlySet<string>> {
  const seen = new Set<string>()
  for (const queue = [from]; queue.length > 0; ) {
    const sha = queue.pop() ?? ''
    if (seen.has(sha) || stop(sha)) continue
    seen.add(sha)
    if (found(sha)) break
    queue.push(...(await parentsOf(history, sha)))
  }
  return seen
}

const lineOf = ({ lines }: History, tip: string): Line | undefined =>
  lines.findLast(({ sizes }) => sizes.has(tip))

const within = ({ places, sizes }: Line, tip: string) => {
  const size = sizes.get(tip) ?? 0
  return (sha: string) => (places.get(sha) ?? size) < size
}

/** The line on whose last commit `tip` was made, grown to it. */
async function grown(history: History, tip: string): Promise<Line | undefined> {
  for (const line of history.lines.toReversed()) {
    const last = lastOf(line)
    let reached = false
    const fresh = await walk(history, tip, (sha) => {
      reached ||= sha === last
      return line.places.has(sha)
    })
    // Another grew it meanwhile, perhaps to the same commit.
    if (reached && lastOf(line) !== last) return lineOf(history, tip) ?? grown(history, tip)
    if (reached) return extended(line, tip, fresh)
  }
}

const begun = async (history: History, tip: string): Promise<Line> =>
  extended({ places: new Map(), sizes: new Map() }, tip, await walk(history, tip, () => false))

const lastOf = ({ sizes }: Line) => [...sizes.keys()].at(-1)

function extended(line: Line, tip: string, fresh: Iterable<string>): Line {
  for (const sha of fresh) line.places.set(sha, line.places.size)
  line.sizes.set(tip, line.places.size)
  return line
}
