// The attack: hide a request that nobody would approve among ones that pass, and have the pull request merged for
// the sake of those. If one does not pass at the merge, none is granted. Once granted, each lives alone (trust.md 3.3).
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { admin, pathOf, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('one that does not pass takes the others with it', async () => {
  const t = await attackWorld()
  const beside = pathOf('all-stowaway')
  const asked = await t.ask('all-harmless', {}, { [beside]: textOf({ ...admin, duration: '4h' }) })
  await t.checked(asked.head, 'action_required')
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
  await t.reached(requestId(t.repository.id, asked.number, beside), 'refused')
})

test('granted, each ends alone', async () => {
  const t = await attackWorld()
  const beside = pathOf('alone-second')
  const asked = await t.ask('alone-first', {}, { [beside]: textOf({ scope: '"210987654321"' }) })
  const other = requestId(t.repository.id, asked.number, beside)
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await Promise.all([t.reached(asked.id, 'active'), t.reached(other, 'active')])
  expect(await t.gitsudo('alice', 'revoke', asked.id)).toMatchObject({ status: 0 })
  await t.reached(asked.id, 'ended')
  await t.reached(other, 'active')
  expect(await t.bindings()).toContain(other)
})
