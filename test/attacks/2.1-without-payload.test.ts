// The attack: an approval that GitHub's list shows and that gitsudo was never told of with a signature: an answer
// of the API that somebody forged on the way, or a review whose delivery was held back until its author had taken
// it back. Only the HMAC-checked `submitted` payload backs a review; one that was merely missed is asked for again
// and comes in by the ordinary door (trust.md 2.1).
import { expect, test } from 'vitest'
import { admin } from '../support/world.ts'
import { timedWorld } from './support/world.ts'

test('an approval without its payload does not count, and is refused once the grant window is over', async () => {
  const t = await timedWorld()
  const asked = await t.ask('no-payload', admin)
  await t.checked(asked.head, 'action_required')
  const restore = t.github.admin.faults.deliveries({
    happens: 'lose',
    event: 'pull_request_review',
    count: 1,
  })
  await t.approve(asked.number, 'bob')
  restore()
  await t.approve(asked.number, 'carol')
  const listed = await t.api<readonly { state: string }[]>('GET', `/pulls/${asked.number}/reviews`)
  expect(listed.map(({ state }) => state)).toEqual(['APPROVED', 'APPROVED'])
  await t.pending(asked.head, 'signed payload has not arrived')
  await t.land(asked.number)
  await t.jump(2 * 3_600_000)
  expect(await t.refused(asked, 'signed payload has not arrived')).toContain('grantWindow')
})

test('one that was missed is asked for again before the verdict', async () => {
  const t = await timedWorld()
  const asked = await t.ask('missed-payload', admin)
  await t.checked(asked.head, 'action_required')
  const restore = t.github.admin.faults.deliveries({
    happens: 'drop',
    event: 'pull_request_review',
    count: 2,
  })
  await t.approve(asked.number, 'bob', 'carol')
  await t.github.admin.deliveriesSettled()
  restore()
  await t.land(asked.number)
  await t.reached(asked.id, 'active', 60_000)
})
