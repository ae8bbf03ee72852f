import { GitHubError } from '../reconcile/ports/github.ts'
import type { RepositoryClient } from './repository-client.ts'

/**
 * Merges if the head is still `head`; throws `conflict` when it moved, `not_mergeable` when rules or conflicts
 * forbid it. By merge commit, or by the first other way that the repository allows.
 */
export async function mergePull(
  { client, at }: RepositoryClient,
  number: number,
  head: string,
): Promise<void> {
  for (const method of ['merge', 'squash', 'rebase'] as const) {
    try {
      await client.rest.pulls.merge({ ...at, pull_number: number, sha: head, merge_method: method })
      return
    } catch (error) {
      const waysLeft = method !== 'rebase'
      const wayForbidden =
        error instanceof GitHubError &&
        error.code === 'not_mergeable' &&
        /are not allowed/i.test(error.message)
      if (!(waysLeft && wayForbidden)) throw error
    }
  }
}
