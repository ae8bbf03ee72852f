import { need } from '../access.ts'
import { type Call, callerOf, get, numberIn, ok, post, pullIn, put, type Route, remove } from '../call.ts'
import { announceReview, dismissReview } from '../change/review.ts'
import { forbidden, GitHubError, notFound } from '../errors.ts'
import { isAncestor } from '../history.ts'
import { page } from '../page.ts'
import { reviewShape } from '../shapes/pull.ts'
import { atLeast } from '../state/account.ts'
import type { Pull, Review } from '../state/pull.ts'
import type { Repository } from '../state/repository.ts'
import { membersOf, roleOn } from '../state/world.ts'

const EVENTS = ['APPROVE', 'REQUEST_CHANGES', 'COMMENT'] as const
type ReviewEvent = (typeof EVENTS)[number]
const STATES = { APPROVE: 'APPROVED', REQUEST_CHANGES: 'CHANGES_REQUESTED', COMMENT: 'COMMENTED' } as const

const reading = need('pull_requests', 'read')
/** Whoever can read a repository can review in it. */
const reviewing = need('pull_requests', 'write', 'read')

const unprocessable = (why: string) => new GitHubError(422, 'Unprocessable Entity', [why])

function reviewIn(
  call: Call,
  wanted: typeof reading,
): { repository: Repository; pull: Pull; review: Review } {
  const found = pullIn(call, wanted)
  const review = found.pull.reviews.find((each) => each.id === numberIn(call, 'review_id'))
  if (!review || hidden(call, review)) throw notFound()
  return { ...found, review }
}

/** A pending review is its author's alone. */
function hidden(call: Call, review: Review): boolean {
  return review.state === 'PENDING' && !(call.actor.kind === 'user' && call.actor.user.id === review.userId)
}

function checkEvent(call: Call, pull: Pull, event: ReviewEvent, body: string): void {
  if (callerOf(call).id === pull.issue.authorId) {
    if (event === 'APPROVE') throw unprocessable('Can not approve your own pull request')
    if (event === 'REQUEST_CHANGES') throw unprocessable('Can not request changes on your own pull request')
  }
  if (event !== 'APPROVE' && body === '') throw unprocessable('Review body can not be blank')
}

async function submit(call: Call, repository: Repository, pull: Pull, review: Review, event: ReviewEvent) {
  review.state = STATES[event]
  review.submittedAt = call.world.clock.now()
  pull.issue.updatedAt = review.submittedAt
  pull.requestedReviewers.delete(review.userId)
  for (const id of pull.requestedTeams) {
    const team = call.world.teams.get(id)
    if (team && membersOf(call.world, team).some((member) => member.id === review.userId))
      pull.requestedTeams.delete(id)
  }
  await announceReview(call.world, repository, pull, review, review.userId, 'submitted')
}

async function create(call: Call) {
  const { repository, pull } = pullIn(call, reviewing)
  const { world } = call
  const event = call.body.one('event', EVENTS)
  const body = call.body.textOr('body', '')
  if (event) checkEvent(call, pull, event, body)
  const userId = callerOf(call).id
  return repository.exclusively(async () => {
    if (pull.reviews.some((each) => each.userId === userId && each.state === 'PENDING'))
      throw unprocessable('User can only have one pending review per pull request')
    const commitId = call.body.textOr('commit_id', pull.head.sha)
    if (!/^[0-9a-f]{40}$/.test(commitId) || !(await isAncestor(repository, commitId, pull.head.sha)))
      throw unprocessable('The commit_id is not part of the pull request')
    const review: Review = { id: world.nextId(), userId, body, state: 'PENDING', commitId, submittedAt: null }
    pull.reviews.push(review)
    if (event) await submit(call, repository, pull, review, event)
    return ok(reviewShape(world, repository, pull, review))
  })
}

async function submitPending(call: Call) {
  const { repository, pull, review } = reviewIn(call, reviewing)
  if (review.state !== 'PENDING') throw unprocessable('Can not submit a review that is not pending')
  const event = call.body.one('event', EVENTS)
  if (!event) throw unprocessable('Review event was not supplied')
  review.body = call.body.textOr('body', review.body)
  checkEvent(call, pull, event, review.body)
  await submit(call, repository, pull, review, event)
  return ok(reviewShape(call.world, repository, pull, review))
}

async function edit(call: Call) {
  const { repository, pull, review } = reviewIn(call, reviewing)
  if (callerOf(call).id !== review.userId) throw forbidden('Must be the author of the review')
  const from = review.body
  review.body = call.body.text('body')
  await announceReview(call.world, repository, pull, review, review.userId, 'edited', {
    changes: { body: { from } },
  })
  return ok(reviewShape(call.world, repository, pull, review))
}

async function dismiss(call: Call) {
  const { repository, pull, review } = reviewIn(call, need('pull_requests', 'write'))
  call.body.text('message')
  if (review.state !== 'APPROVED' && review.state !== 'CHANGES_REQUESTED')
    throw unprocessable(`Can not dismiss a ${review.state.toLowerCase()} pull request review`)
  const actor = callerOf(call)
  if (repository.protections.has(pull.base.ref) && actor.type === 'User') {
    if (!atLeast(roleOn(call.world, repository, actor.id), 'write'))
      throw forbidden('Must have push access to repository')
  }
  await dismissReview(call.world, repository, pull, review, actor.id)
  return ok(reviewShape(call.world, repository, pull, review))
}

export const reviewRoutes: readonly Route[] = [
  get('/repos/{owner}/{repo}/pulls/{pull_number}/reviews', (call) => {
    const { repository, pull } = pullIn(call, reading)
    const visible = pull.reviews.filter((review) => !hidden(call, review))
    return page(call, visible, (review) => reviewShape(call.world, repository, pull, review))
  }),
  post('/repos/{owner}/{repo}/pulls/{pull_number}/reviews', create),
  get('/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}', (call) => {
    const { repository, pull, review } = reviewIn(call, reading)
    return ok(reviewShape(call.world, repository, pull, review))
  }),
  put('/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}', edit),
  remove('/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}', (call) => {
    const { repository, pull, review } = reviewIn(call, reviewing)
    if (review.state !== 'PENDING') throw unprocessable('Can not delete a non-pending pull request review')
    pull.reviews.splice(pull.reviews.indexOf(review), 1)
    return ok(reviewShape(call.world, repository, pull, review))
  }),
  post('/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/events', submitPending),
  put('/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/dismissals', dismiss),
]
