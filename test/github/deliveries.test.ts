import { afterEach, beforeEach, expect, test } from 'vitest'
import { payloads } from '../../app/github/payload.ts'
import { type Stage, setStage } from './stage.ts'

let stage: Stage
beforeEach(async () => {
  stage = await setStage()
})
afterEach(() => stage.close())

const access = '/repos/acme/access'
const arrived = (event: string) => stage.accepted.filter(({ delivery }) => delivery.event === event)
const known = async (guid: string) => stage.accepted.some(({ delivery }) => delivery.guid === guid)

test('what people do arrives signed, is accepted, and says what it means', async () => {
  const { admin, as, propose, accepted, api } = stage
  const { number, sha } = await propose('alice', 'topic')
  const { id } = await as('bob', 'POST', `${access}/pulls/${number}/reviews`, { event: 'APPROVE' })
  await as('alice', 'POST', `${access}/issues/${number}/comments`, { body: '/gitsudo revoke' })
  await as('root', 'PUT', `${access}/pulls/${number}/merge`)
  await admin.deliveriesSettled()

  const [review] = arrived('pull_request_review')
  expect(review?.wake).toEqual([{ queue: 'pull-request', key: `7:${number}` }])
  expect(review && payloads.review(review.delivery.body)).toEqual({
    action: 'submitted',
    reviewId: id,
    commit: sha,
    state: 'approved',
    reviewer: { id: 12, login: 'bob', type: 'User' },
    submittedAt: stage.time.now,
  })
  const [comment] = arrived('issue_comment')
  expect(comment?.wake).toHaveLength(1)
  expect(comment && payloads.comment(comment.delivery.body)).toMatchObject({
    body: '/gitsudo revoke',
    author: { login: 'alice' },
  })
  const pulls = arrived('pull_request').map(({ delivery }) => payloads.pullRequest(delivery.body))
  expect(pulls).toMatchObject([
    { action: 'opened', number, headSha: sha, sender: { login: 'alice' } },
    { action: 'closed', number, sender: { login: 'root' } },
  ])
  const pushes = arrived('push').map(({ delivery, wake }) => ({
    ...payloads.push(delivery.body),
    wakes: wake.length,
  }))
  expect(pushes.filter(({ ref }) => ref === 'refs/heads/main')).toMatchObject([
    { sender: { login: 'root' }, wakes: 1 },
  ])
  expect(
    pushes.find(({ ref, before }) => ref === 'refs/heads/topic' && before === '0'.repeat(40)),
  ).toMatchObject({ wakes: 0 })
  expect(accepted.every(({ delivery }) => delivery.repository === 7)).toBe(true)
  expect(await api.identity()).toMatchObject({ id: 7 })
})

test('what did not arrive is asked for again and comes under its own GUID, once', async () => {
  const { admin, as, propose, github, door, time } = stage
  const { number } = await propose('alice', 'topic')
  await admin.deliveriesSettled()
  const since = time.now
  door.open = false
  await as('bob', 'POST', `${access}/pulls/${number}/reviews`, { event: 'APPROVE' })
  await as('bob', 'POST', `${access}/issues/${number}/comments`, { body: 'talk' })
  await as('bob', 'POST', `${access}/issues/${number}/labels`, { labels: ['x'] }).catch(() => undefined)
  await admin.deliveriesSettled()
  expect(arrived('pull_request_review')).toEqual([])
  door.open = true

  // Just sent: it may be on its way.
  expect(await github.redeliverMissed(since, known)).toEqual({ asked: 0, underWay: 2 })
  time.now += 60_000
  expect(await github.redeliverMissed(since, known)).toEqual({ asked: 2, underWay: 0 })
  await admin.deliveriesSettled()
  expect(arrived('pull_request_review')).toHaveLength(1)
  expect(arrived('issue_comment')).toHaveLength(1)
  time.now += 60_000
  const none = { asked: 0, underWay: 0 }
  expect(await github.redeliverMissed(since, known)).toEqual(none)
  expect(await github.redeliverMissed(time.now, async () => false)).toEqual(none)
})

test('one that never gets in is not asked for endlessly', async () => {
  const { admin, as, propose, github, door, time, lines } = stage
  const { number } = await propose('alice', 'topic')
  await admin.deliveriesSettled()
  const since = time.now
  time.now += 1000
  door.open = false
  await as('bob', 'POST', `${access}/pulls/${number}/reviews`, { event: 'APPROVE' })
  await admin.deliveriesSettled()
  let asked = 0
  for (let round = 0; round < 12; round += 1) {
    time.now += 300_000
    asked += (await github.redeliverMissed(since + 1, known)).asked
    await admin.deliveriesSettled()
  }
  expect(asked).toBe(8)
  expect(lines.filter(({ message }) => message.includes('never arrived'))).toHaveLength(4)
})

test('many recorded deliveries are read page by page', async () => {
  const { admin, as, propose, github, time } = stage
  const { number } = await propose('alice', 'topic')
  for (let n = 0; n < 130; n += 1)
    await as('bob', 'POST', `${access}/issues/${number}/comments`, { body: `talk ${n}` })
  await admin.deliveriesSettled()
  time.now += 60_000
  const asked: string[] = []
  await github.redeliverMissed(0, async (guid) => {
    asked.push(guid)
    return true
  })
  expect(asked.length).toBe(stage.accepted.length)
  expect(asked.length).toBeGreaterThan(130)
})
