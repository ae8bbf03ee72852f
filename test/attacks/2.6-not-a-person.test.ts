// The attack: let an App approve: whoever can install one, or holds the token of one, has as many reviewers as he
// likes. Only a User's review counts, known by numeric id (trust.md 2.6, 6.14).
import { expect, test } from 'vitest'
import { admin } from '../support/world.ts'
import { robot } from './support/robot.ts'
import { attackWorld } from './support/world.ts'

test('the approvals of Apps do not count', async () => {
  const t = await attackWorld()
  const asked = await t.ask('by-robots', admin)
  for (const slug of ['sre', 'prod-approvers']) {
    const call = await robot(t, slug)
    const { status } = await call(`/pulls/${asked.number}/reviews`, { event: 'APPROVE', body: '' })
    expect(status).toBe(200)
  }
  await t.checked(asked.head, 'action_required', 'APPROVED by a Bot; it does not count')
  await t.land(asked.number)
  await t.refused(asked, 'APPROVED by a Bot; it does not count')
})
