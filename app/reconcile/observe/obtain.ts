import { GitError, type Mirror, type Sha } from '../ports/git.ts'

/** Whether the mirror holds a commit, after asking for one that it did not: what a force-push left behind may be gone. */
export const obtain = async (mirror: Mirror, commit: Sha): Promise<boolean> => {
  if (await mirror.has(commit)) return true
  try {
    await mirror.fetch([commit])
    return true
  } catch (error) {
    if (error instanceof GitError && error.code === 'missing') return false
    throw error
  }
}
