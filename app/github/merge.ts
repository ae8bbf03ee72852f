import { GitHubError } from '../reconcile/ports/github.ts'
import { enqueuePull } from './enqueue.ts'
import type { RepositoryClient } from './repository-client.ts'

/**
 * Merges if the head is still `head`; throws `conflict` when it moved, `not_mergeable` when rules or conflicts
 * forbid it. By merge commit, or by the first other way that the repository allows; where the branch has a merge
 * queue, GitHub answers 405 and the pull request is put into the queue (trust.md 6.10a).
 */
export async function mergePull(repository: RepositoryClient, number: number, head: string): Promise<void> {
  const { client, at } = repository
  for (const method of ['merge', 'squash', 'rebase'] as const) {
    try {
      await client.rest.pulls.merge({ ...at, pull_number: number, sha: head, merge_method: method })
      return
    } catch (error) {
      if (!(error instanceof GitHubError && error.code === 'not_mergeable')) throw error
      if (/through the merge queue/i.test(error.message)) return enqueuePull(repository, number, head)
      if (method === 'rebase' || !/are not allowed/i.test(error.message)) throw error
    }
  }
}
