import { reviewPayload, simplePull } from '../shapes/pull.ts'
import type { Pull, Review } from '../state/pull.ts'
import type { Repository } from '../state/repository.ts'
import type { World } from '../state/world.ts'
import { announce } from './announce.ts'

/** Tells Apps about a review, as it now is. */
export async function announceReview(
  world: World,
  repository: Repository,
  pull: Pull,
  review: Review,
  actorId: number,
  action: 'submitted' | 'edited' | 'dismissed',
  extra: Record<string, unknown> = {},
): Promise<void> {
  await announce(world, repository, actorId, 'pull_request_review', action, () => ({
    review: reviewPayload(world, repository, pull, review),
    pull_request: simplePull(world, repository, pull),
    ...extra,
  }))
}

/** Ends a review; the verdict before it does not come back. */
export async function dismissReview(
  world: World,
  repository: Repository,
  pull: Pull,
  review: Review,
  actorId: number,
): Promise<void> {
  review.state = 'DISMISSED'
  pull.issue.updatedAt = world.clock.now()
  await announceReview(world, repository, pull, review, actorId, 'dismissed')
}
