import { afterAll, beforeAll, expect, test } from 'vitest'
import { failureOf, type Stage, setStage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage.close())

const of = (pull: { number: number }) => ({ ...stage.at, pull_number: pull.number })

test('nobody approves, or asks for changes in, her own pull request; a comment is welcome', async () => {
  const { as, alice, propose } = stage
  const pull = await propose(alice, 'own', { 'own.txt': 'x' })
  const own = as(alice.token).rest.pulls
  expect(await failureOf(own.createReview({ ...of(pull), event: 'APPROVE' }))).toEqual({
    status: 422,
    message: expect.stringContaining('Can not approve your own pull request'),
  })
  expect(
    await failureOf(own.createReview({ ...of(pull), event: 'REQUEST_CHANGES', body: 'x' })),
  ).toMatchObject({
    message: expect.stringContaining('Can not request changes on your own pull request'),
  })
  expect((await own.createReview({ ...of(pull), event: 'COMMENT', body: 'hm' })).data.state).toBe('COMMENTED')
})

test('the API moves a review to the new head after a force-push, the payload of its submission stays', async () => {
  const { as, alice, bob, propose, commitTo, hooks } = stage
  const pull = await propose(alice, 'forced', { 'f.txt': '1' })
  const reviewed = pull.head.sha
  const review = await as(bob.token).rest.pulls.createReview({ ...of(pull), event: 'APPROVE' })
  const ordinary = await commitTo(alice, 'forced', { 'f.txt': '2' })
  const get = () => as(bob.token).rest.pulls.getReview({ ...of(pull), review_id: review.data.id })
  expect((await get()).data.commit_id).toBe(reviewed)
  const forced = await commitTo(alice, 'forced', { 'f.txt': '3' }, true)
  expect((await get()).data.commit_id).toBe(forced)
  await stage.admin.deliveriesSettled()
  const hook = hooks.find('pull_request_review', 'submitted').at(-1)
  expect(hook?.payload).toMatchObject({
    review: { id: review.data.id, commit_id: reviewed, state: 'approved' },
  })
  const moves = hooks
    .find('pull_request', 'synchronize')
    .map(({ payload }) => [payload.before, payload.after])
  expect(moves).toEqual(
    expect.arrayContaining([
      [reviewed, ordinary],
      [ordinary, forced],
    ]),
  )
  const activity = await as(bob.token).rest.repos.listActivities({
    ...stage.at,
    ref: 'forced',
    activity_type: 'force_push',
  })
  expect(activity.data).toMatchObject([{ before: ordinary, after: forced }])
})

test('reviews can be pending, edited, dismissed; comments on them change nothing', async () => {
  const { as, alice, bob, propose } = stage
  const pull = await propose(alice, 'reviews', { 'rev.txt': 'x' })
  const api = as(bob.token).rest.pulls
  const pending = await api.createReview({ ...of(pull), body: 'later' })
  const at = { ...of(pull), review_id: pending.data.id }
  expect(pending.data).toMatchObject({ state: 'PENDING' })
  expect((await as(alice.token).rest.pulls.listReviews(of(pull))).data).toEqual([])
  expect((await api.submitReview({ ...at, event: 'REQUEST_CHANGES' })).data.state).toBe('CHANGES_REQUESTED')
  expect((await api.updateReview({ ...at, body: 'edited' })).data.body).toBe('edited')
  expect((await api.dismissReview({ ...at, message: 'old' })).data.state).toBe('DISMISSED')
  expect((await failureOf(api.dismissReview({ ...at, message: 'again' }))).status).toBe(422)
  expect((await failureOf(as(stage.stranger.token).rest.pulls.listReviews(of(pull)))).status).toBe(404)
})

test('reviewers are collaborators, fifteen at most, never the author', async () => {
  const { as, admin, alice, bob, propose } = stage
  const pull = await propose(alice, 'asked', { 'asked.txt': 'x' })
  const api = as(alice.token).rest.pulls
  const ask = (...reviewers: string[]) => api.requestReviewers({ ...of(pull), reviewers })
  expect(await failureOf(ask('alice'))).toMatchObject({
    status: 422,
    message: expect.stringContaining('author'),
  })
  expect(await failureOf(ask('stranger'))).toMatchObject({
    status: 422,
    message: expect.stringContaining('collaborator'),
  })
  const many = Array.from({ length: 16 }, (_, n) => `many-${n}`)
  for (const login of many) {
    admin.createUser({ login })
    admin.setPermission('octo/access', login, 'read')
  }
  expect((await failureOf(ask(...many))).status).toBe(422)
  expect((await ask('bob', ...many.slice(0, 14))).data.requested_reviewers).toHaveLength(15)
  expect((await failureOf(ask(many[14] ?? ''))).status).toBe(422)
  await as(bob.token).rest.pulls.createReview({ ...of(pull), event: 'APPROVE' })
  expect((await api.listRequestedReviewers(of(pull))).data.users.map((user) => user.login)).not.toContain(
    'bob',
  )
  const left = await api.removeRequestedReviewers({ ...of(pull), reviewers: many })
  expect(left.data.requested_reviewers).toEqual([])
})
