// The attack: be in both groups and approve once for both, so that the two people whom the rules ask for are one.
// One person meets one requirement of a request, assigned so that all that can be met are; one review may serve
// several requests of the same pull request (trust.md 4.4).
import { test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { admin, pathOf, textOf } from '../support/world.ts'
import { oddWorld } from './support/odd-world.ts'
import { attackWorld } from './support/world.ts'

test('one who is in both groups is one', async () => {
  const t = await attackWorld()
  const asked = await t.ask('one-for-two', admin)
  await t.approve(asked.number, 'bob')
  await t.checked(asked.head, 'action_required', 'approved by bob')
  await t.approve(asked.number, 'bob')
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
})

test('who could meet either meets the one that nobody else can, and both requests are served', async () => {
  const t = await attackWorld()
  const beside = pathOf('two-for-two-more')
  const asked = await t.ask('two-for-two', admin, {
    [beside]: textOf({ ...admin, scope: '"210987654321"' }),
  })
  // bob is in sre and in prod-approvers, erin in the latter only.
  await t.approve(asked.number, 'bob', 'erin')
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
  await t.reached(requestId(t.repository.id, asked.number, beside), 'active')
})

test('who has met one requirement makes room for somebody who can meet no other', async () => {
  const t = await oddWorld()
  const asked = await t.ask('makes-room', { role: 'prod-vault-admin', scope: 'c1', duration: '1h' })
  await t.approve(asked.number, 'bob', 'dave')
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
})
