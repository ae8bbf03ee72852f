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
