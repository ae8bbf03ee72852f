// The attack: have harmless bytes approved, then force-push other ones. GitHub's API re-points `commit_id` of the
// reviews to the new head, as if they had been given for it; what they cover is the commit of their signed
// payload (trust.md 2.2, 6.01).
import { expect, test } from 'vitest'
import { admin, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('approvals stay with the commit that they were given for', async () => {
  const t = await attackWorld()
  const asked = await t.ask('commit-id', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const mine = await t.clone('alice', asked.branch)
  const head = await mine.commit({ [asked.path]: textOf({ ...admin, duration: '4h' }) }, '--amend')
  await mine.git('push', '--quiet', '--force', 'origin', asked.branch)
  const listed = await t.api<readonly { commit_id: string }[]>('GET', `/pulls/${asked.number}/reviews`)
  expect(listed.map(({ commit_id }) => commit_id)).toEqual([head, head])
  await t.checked(head, 'action_required', 'approved other bytes')
  await t.land(asked.number)
  await t.refused(asked, 'approved other bytes')
})
