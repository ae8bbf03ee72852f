import { type ApiReview, GitHubError } from '../reconcile/ports/github.ts'
import { accountOf } from './account.ts'
import type { RepositoryClient } from './repository-client.ts'
import { readWhole } from './whole.ts'

const states = ['APPROVED', 'CHANGES_REQUESTED', 'COMMENTED', 'DISMISSED', 'PENDING'] as const

export async function listReviews(
  { client, at }: RepositoryClient,
  number: number,
): Promise<readonly ApiReview[]> {
  const list = client.rest.pulls.listReviews
  const said = await readWhole(`the reviews of pull request ${number}`, () =>
    client.paginate.iterator(list, { ...at, pull_number: number, per_page: 100 }),
  )
  return said.map((review) => {
    const state = states.find((one) => one === review.state)
    if (!state)
      throw new GitHubError('unavailable', `review ${review.id} has a state unknown here: ${review.state}`)
    return {
      id: review.id,
      state,
      ...(review.user ? { reviewer: accountOf(review.user) } : {}),
      ...(review.commit_id ? { commit: review.commit_id } : {}),
      ...(review.submitted_at ? { submittedAt: Date.parse(review.submitted_at) } : {}),
    }
  })
}
