import { z } from 'zod'
import { GitHubError } from '../reconcile/ports/github.ts'
import { graphqlUrl } from './graphql-url.ts'
import type { RepositoryClient } from './repository-client.ts'

const mutation = `mutation enqueue($input: EnqueuePullRequestInput!) {
  enqueuePullRequest(input: $input) { mergeQueueEntry { id } }
}`

const answer = z.object({
  errors: z.array(z.object({ type: z.string().optional(), message: z.string() })).optional(),
})

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
  const { data } = await client.request(`POST ${graphqlUrl(client.request.endpoint.DEFAULTS.baseUrl)}`, {
    query: mutation,
    variables: { input: { pullRequestId: pull.data.node_id, expectedHeadOid: head } },
  })
  // GraphQL answers 200 whatever it thinks of the question.
  const { success, data: read } = answer.safeParse(data)
  if (!success) throw new GitHubError('unavailable', 'GraphQL was answered in an unknown form')
  const [error] = read.errors ?? []
  if (error === undefined || /already (in|queued)/i.test(error.message)) return
  const said = `pull request ${number} was not taken into the merge queue: ${error.message.slice(0, 500)}`
  if (error.type === 'RATE_LIMITED') throw new GitHubError('rate_limited', said)
  if (error.type === 'FORBIDDEN') throw new GitHubError('forbidden', said)
  if (error.type === 'NOT_FOUND') throw new GitHubError('not_found', said)
  const now = await client.rest.pulls.get({ ...at, pull_number: number })
  throw now.data.head.sha === head ? new GitHubError('not_mergeable', said) : moved(number)
}

const moved = (number: number) =>
  new GitHubError('conflict', `the head of pull request ${number} moved before it could be queued`)
