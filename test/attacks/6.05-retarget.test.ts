// The attack: open the request into a branch of one's own, where nobody's approval is asked, have it approved there,
// and turn the pull request to the configured branch once it looks done. Or the other way round: turn an approved one
// away, merge it into the side branch, and hope that a merge is a merge (trust.md 1.2, 6.05).
import { expect, test } from 'vitest'
import { admin } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('an approved request that is turned away from the branch grants nothing when it merges', async () => {
  const t = await attackWorld()
  const side = await t.clone('alice')
  await side.git('push', '--quiet', 'origin', 'HEAD:refs/heads/side/retarget')
  const asked = await t.ask('retarget-away', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  await t.api('PATCH', `/pulls/${asked.number}`, { base: 'side/retarget' }, 'alice')
  await t.checked(asked.head, 'failure', 'side/retarget')
  await t.land(asked.number)
  await t.github.admin.deliveriesSettled()
  await t.nothingGranted(asked.number)
  expect(await t.bindings()).not.toContain(asked.id)
})
