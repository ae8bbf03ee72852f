import { GitHubError } from '../reconcile/ports/github.ts'
import { mutate, refusal } from './graphql.ts'
import type { RepositoryClient } from './repository-client.ts'

const mutation = `mutation enqueue($input: EnqueuePullRequestInput!) {
  enqueuePullRequest(input: $input) { mergeQueueEntry { id } }
}`

/**
 * Puts the pull request into its base's merge queue if its head is still `head` (trust.md 6.10a); one that waits
 * there already stays where it is. Throws `conflict` when the head moved, `not_mergeable` when rules forbid it.
 */
export async function enqueuePull(
  { client, at }: RepositoryClient,
  number: number,
  head: string,
): Promise<void> {
  const pull = await client.rest.pulls.get({ ...at, pull_number: number })
  if (pull.data.head.sha !== head) throw moved(number)
  const { error } = await mutate(client, mutation, {
    pullRequestId: pull.data.node_id,
    expectedHeadOid: head,
  })
  if (error === undefined || /already (in|queued)/i.test(error.message)) return
  const said = `pull request ${number} was not taken into the merge queue: ${error.message.slice(0, 500)}`
  const refused = refusal(error.type, said)
  if (refused !== undefined) throw refused
  const now = await client.rest.pulls.get({ ...at, pull_number: number })
  throw now.data.head.sha === head ? new GitHubError('not_mergeable', said) : moved(number)
}

const moved = (number: number) =>
  new GitHubError('conflict', `the head of pull request ${number} moved before it could be queued`)
