import { obtain } from '../observe/obtain.ts'
import { type Change, type Mirror, type Sha, unlessTooLarge } from '../ports/git.ts'
import type { PullRequest } from '../ports/github.ts'

export type Members = {
  readonly pulls: readonly PullRequest[]
  readonly strays: readonly string[]
  readonly disputed: readonly string[]
}

/**
 * The open pull requests whose changes lie between two commits (trust.md 6.10b), by the trees alone: what a merge
 * queue writes into messages and branch names is nobody's word. A head that `to` reaches is in it for certain; what
 * was squashed or rebased is known by its bytes.
 */
export const membersOf = async (
  mirror: Mirror,
  open: readonly PullRequest[],
  from: Sha,
  to: Sha,
): Promise<Members> => {
  const changes = new Map((await mirror.changes(from, to)).map((change) => [change.path, change]))
  const candidates: {
    readonly pull: PullRequest
    readonly paths: ReadonlySet<string>
    readonly sure: boolean
  }[] = []
  for (const pull of open) {
    // A head that cannot be had is in no group.
    if (!(await obtain(mirror, pull.head.sha)) || (await mirror.isAncestor(pull.head.sha, from))) continue
    const sure = await mirror.isAncestor(pull.head.sha, to)
    const reading = changesOf(mirror, from, pull)
    // Anybody can open one that is too large to be read: what such a one may have brought is nobody's here.
    const own = sure ? await reading : await unlessTooLarge(reading)
    if (own === undefined) continue
    if (!sure && (own.length === 0 || !own.every((change) => holds(changes, change)))) continue
    candidates.push({ pull, paths: new Set(own.map(({ path }) => path)), sure })
  }
  const pulls = new Set(candidates.filter(({ sure }) => sure).map(({ pull }) => pull))
  const strays: string[] = []
  const disputed: string[] = []
  for (const path of changes.keys()) {
    const owners = candidates.filter(({ paths }) => paths.has(path))
    if (owners.some(({ sure }) => sure)) continue
    if (owners.length === 0) strays.push(path)
    if (owners.length > 1) disputed.push(path)
    for (const { pull } of owners) pulls.add(pull)
  }
  return { pulls: [...pulls].sort((a, b) => a.number - b.number), strays, disputed }
}

const changesOf = async (
  mirror: Mirror,
  from: Sha,
  { head }: PullRequest,
): Promise<readonly Change[] | undefined> => {
  const base = await mirror.mergeBase(from, head.sha)
  return base === undefined ? undefined : mirror.changes(base, head.sha)
}

/** Whether the group changes the path too; where access is decided, into the same bytes. */
const holds = (changes: ReadonlyMap<string, Change>, { path, after }: Change): boolean => {
  const there = changes.get(path)
  if (there === undefined) return false
  const decides = path.startsWith('requests/') || path.startsWith('policies/')
  return !decides || (there.after?.sha === after?.sha && there.after?.mode === after?.mode)
}
