// The attack: open the request into a branch of one's own, have whoever likes approve it there, and turn the pull
// request to the configured branch once it looks done. Or the other way round: turn an approved one away, merge it into
// the side branch, and hope that a merge is a merge (trust.md 1.2, 6.05).
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { admin, pathOf, textOf } from '../support/world.ts'
import { quiet } from './support/quiet.ts'
import { attackWorld } from './support/world.ts'

test('a request approved for another branch is decided anew once it is turned to the configured one', async () => {
  const t = await attackWorld()
  const [path, branch] = [pathOf('retarget-here'), 'ask/retarget-here']
  const his = await t.clone('alice')
  await his.git('push', '--quiet', 'origin', 'HEAD:refs/heads/side/here')
  const head = await his.commit({ [path]: textOf(admin) })
  await his.git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`)
  const { number } = await t.api<{ number: number }>(
    'POST',
    '/pulls',
    { title: 'Access: here', head: branch, base: 'side/here' },
    'alice',
  )
  await t.approve(number, 'dave')
  await t.checked(head, 'failure', 'side/here')
  await t.api('PATCH', `/pulls/${number}`, { base: 'main' }, 'alice')
  await t.checked(head, 'action_required', 'dave belongs to none of those who are asked')
  await t.land(number)
  const asked = { number, head, path, branch, id: requestId(t.repository.id, number, path) }
  await t.refused(asked, 'dave belongs to none of those who are asked')
})

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
  await quiet(t, asked.number)
  await t.nothingGranted(asked.number)
  expect(await t.bindings()).not.toContain(asked.id)
})
