import { GitHubError } from '../reconcile/ports/github.ts'

/** undefined where GitHub has no such thing. */
export async function orUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof GitHubError && error.code === 'not_found') return undefined
    throw error
  }
}
