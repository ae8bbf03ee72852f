import { type Change, type Mirror, type Sha, unlessTooLarge } from '../ports/git.ts'

/** What one step of the branch along its first parents did below a folder. */
export type Step = {
  readonly commit: Sha
  /** What it is compared with. */
  readonly before: Sha | 'empty'
  readonly changes: readonly Change[]
  /** More than is read: `changes` are those of the paths that were asked about, and nothing else that it brings counts. */
  readonly unreadable: boolean
}

/**
 * What these steps, oldest first, did below a folder. Where one takes back what was unreadable in those before it, it is
 * compared with what lay there before them, so that what they left is seen.
 * @param paths what is looked at in an unreadable step, too
 */
export const stepsBelow = async (
  mirror: Mirror,
  folder: string,
  from: Sha | 'empty',
  commits: readonly Sha[],
  paths: () => Iterable<string> | Promise<Iterable<string>> = () => [],
): Promise<readonly Step[]> => {
  const compared = async (before: Sha | 'empty', commit: Sha): Promise<Step | undefined> => {
    const changes = await unlessTooLarge(mirror.changes(before, commit, folder))
    return changes && { commit, before, changes, unreadable: false }
  }
  const steps: Step[] = []
  let [last, readable] = [from, from]
  for (const commit of commits) {
    const step =
      (await compared(last, commit)) ?? (readable === last ? undefined : await compared(readable, commit))
    if (step !== undefined) readable = commit
    const changes = step === undefined ? await changesAt(mirror, last, commit, await paths()) : []
    steps.push(step ?? { commit, before: last, changes, unreadable: true })
    last = commit
  }
  return steps
}

/** What differs at each of these paths; one that cannot be read counts as one where nothing lies. */
export const changesAt = async (
  mirror: Mirror,
  from: Sha | 'empty',
  to: Sha,
  paths: Iterable<string>,
): Promise<readonly Change[]> => {
  const side = async (commit: Sha, path: string) => {
    const entry = await unlessTooLarge(mirror.entry(commit, path))
    return entry && { mode: entry.mode, sha: entry.sha }
  }
  const found: Change[] = []
  for (const path of new Set(paths)) {
    const before = from === 'empty' ? undefined : await side(from, path)
    const after = await side(to, path)
    if (before?.sha === after?.sha && before?.mode === after?.mode) continue
    found.push({ path, ...(before && { before }), ...(after && { after }) })
  }
  return found
}
