// The attack: have a draft approved while nobody takes it seriously, and hope that it merges by itself; or close a pull
// request, change one's mind when everybody has forgotten it, and reopen it with the old approvals (trust.md 6.23).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { admin } from '../support/world.ts'
import { hands } from './support/hands.ts'
import { mutate } from './support/queue.ts'
import { quiet } from './support/quiet.ts'
import { type AttackWorld, ownWorld } from './support/world.ts'

let t: AttackWorld
beforeAll(async () => {
  t = await ownWorld({ merge: 'auto' })
})
afterAll(() => t?.close())

const merges = () =>
  t.github.admin.counters().calls['PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge'] ?? 0

test('a draft is evaluated and never merged; once it is ready, it is', async () => {
  const away = t.github.admin.faults.api({ answer: 'bad-gateway', method: 'PUT', path: /\/merge$/ })
  const asked = await t.ask('draft')
  await until('the service to try', async () => merges() > 0)
  expect(await mutate(t, 'alice', 'convertPullRequestToDraft', asked.number)).toBeNull()
  await t.checked(asked.head, 'action_required', 'a draft')
  away()
  const before = merges()
  // Anything that has it looked at again.
  await t.people.bob.review(asked.number, 'COMMENT', 'What is this?')
  await t.people.bob.review(asked.number, 'APPROVE')
  await t.github.admin.deliveriesSettled()
  const shown = await t.ask('draft-beside')
  await t.reached(shown.id, 'active')
  expect(merges()).toBe(before + 1)
  expect(await t.api('GET', `/pulls/${asked.number}`)).toMatchObject({ merged: false, draft: true })
  await t.nothingGranted(asked.number)
  expect(await mutate(t, 'alice', 'markPullRequestReadyForReview', asked.number)).toBeNull()
  await t.reached(asked.id, 'active')
})

test('a reopening that the database forgets voids approvals all the same', async () => {
  const asked = await t.ask('reopened-forgotten', admin)
  await t.approve(asked.number, 'bob', 'carol')
  const away = t.github.admin.faults.api({ answer: 'bad-gateway', method: 'PUT', path: /\/merge$/ })
  await t.checked(asked.head, 'success')
  await t.api('PATCH', `/pulls/${asked.number}`, { state: 'closed' }, 'alice')
  await t.reached(asked.id, 'cancelled')
  await t.jump(2000)
  await t.api('PATCH', `/pulls/${asked.number}`, { state: 'open' }, 'alice')
  await t.reached(asked.id, 'pending')
  await quiet(t, asked.number)
  const { root } = hands(t)
  await root(`delete from deliveries where event = 'pull_request' and pull = $1`, [asked.number])
  await root('update requests set reviews_from = null where id = $1', [asked.id])
  away()
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
})

test('closing voids approvals: after reopening only new ones count', async () => {
  const asked = await t.ask('second-thoughts', admin)
  await t.approve(asked.number, 'bob')
  await t.checked(asked.head, 'action_required', 'bob')
  await t.api('PATCH', `/pulls/${asked.number}`, { state: 'closed' }, 'alice')
  await t.reached(asked.id, 'cancelled')
  await t.jump(2000)
  await t.api('PATCH', `/pulls/${asked.number}`, { state: 'open' }, 'alice')
  await t.reached(asked.id, 'pending')
  await t.checked(asked.head, 'action_required', "bob's review was given before it was reopened")
  await t.jump(2000)
  await t.approve(asked.number, 'carol')
  await until('carol to count', async () =>
    (await t.checks(asked.head)).some(({ output }) => output.summary?.includes('approved by carol')),
  )
  expect((await t.checks(asked.head)).at(-1)?.conclusion).toBe('action_required')
  await t.land(asked.number)
  await t.refused(asked, "bob's review was given before it was reopened")
})
