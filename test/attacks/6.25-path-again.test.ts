// The attack: free a path and take it again. One pull request deletes the request's file, another, opened long before
// and approved, brings the same path with other terms. A path that was on the branch is used up (trust.md 6.25, 3.4).
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { admin, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('a file deleted in one pull request does not come back in another', async () => {
  const t = await attackWorld()
  const asked = await t.ask('path-again')
  await t.checked(asked.head, 'success')
  // Prepared while the path was still free, from the same beginning.
  const theirs = await t.clone('alice')
  await theirs.commit({ [asked.path]: textOf({ ...admin, duration: '4h' }) })
  await theirs.git('push', '--quiet', 'origin', 'HEAD:refs/heads/ask/path-prepared')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')

  await t.push('ask/path-freed', 'No longer needed', { [asked.path]: null })
  const freed = await t.people.alice.openPull('ask/path-freed', 'No longer needed')
  await t.checked(freed.head, 'success', 'Merging revokes')
  await t.land(freed.number, 'bob')
  await t.reached(asked.id, 'ended')
  expect(await t.bindings()).not.toContain(asked.id)

  const back = await t.people.alice.openPull('ask/path-prepared', 'Once more')
  await t.approve(back.number, 'bob', 'carol')
  await t.checked(back.head, 'failure', 'has been on the branch before')
  await t.land(back.number)
  const id = requestId(t.repository.id, back.number, asked.path)
  await t.refused({ ...asked, ...back, id }, 'has been on the branch before')
  expect((await t.events(asked.id)).filter(({ type }) => type === 'grant.intended')).toHaveLength(1)
})
