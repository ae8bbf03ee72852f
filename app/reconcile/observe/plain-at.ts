import { plainMode } from '../../request/plain.ts'
import type { Mirror, Sha } from '../ports/git.ts'

/**
 * The bytes that lie at a path as a plain file: the same bytes as a link or a program are no request (trust.md 6.11).
 * @returns null where there is no plain file
 */
export const plainAt = async (
  mirror: Pick<Mirror, 'entry'>,
  commit: Sha,
  path: string,
): Promise<Sha | null> => {
  const entry = await mirror.entry(commit, path)
  return entry?.mode === plainMode ? entry.sha : null
}

/**
 * What first differed at a path on the branch from what lay there at a commit of it, if only for a while (trust.md 3.4), else
 * what lies there still. Who looks for the first time would find what was taken away back in its place.
 * @returns null where there was no plain file
 */
export const heldSince = async (
  mirror: Pick<Mirror, 'entry' | 'firstParents'>,
  since: Sha,
  tip: Sha,
  path: string,
): Promise<Sha | null> => {
  const before = await plainAt(mirror, since, path)
  for (const commit of (await mirror.firstParents(since, tip)) ?? [tip]) {
    const there = await plainAt(mirror, commit, path)
    if (there !== before) return there
  }
  return before
}
