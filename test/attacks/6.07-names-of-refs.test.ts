// The attack: give other commits the names that gitsudo might read by. A tag called like the branch comes first where
// Git resolves a short name; a branch called like the beginning of a commit's id hides that commit. Everything is read
// by full ref and by whole SHA (trust.md 6.07).
import { test } from 'vitest'
import { admin, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('tags and branches with the names of others mislead nobody', async () => {
  const t = await attackWorld()
  const evil = await t.clone('alice')
  // What nobody needs to approve, had it been accepted; and a request that is on no branch.
  const asked = await t.ask('names-of-refs', admin)
  await evil.git('rm', '--quiet', 'policies/owners.rego', 'policies/two-person.rego')
  const other = await evil.commit({ [asked.path]: textOf({ ...admin, duration: '4h' }) })
  const names = [
    'refs/tags/main',
    `refs/tags/${asked.branch}`,
    `refs/heads/${asked.head.slice(0, 12)}`,
    'refs/heads/refs/heads/main',
  ]
  await evil.git('push', '--quiet', 'origin', ...names.map((name) => `${other}:${name}`))
  try {
    await t.people.bob.review(asked.number, 'APPROVE')
    await t.checked(asked.head, 'action_required', 'approved by bob')
    await t.approve(asked.number, 'carol')
    await t.checked(asked.head, 'success')
    const before = await t.ask('names-before', admin)
    await t.land(before.number)
    await t.refused(before, 'merged with 0 of the 1 approvals')
    await t.land(asked.number, 'bob')
    await t.reached(asked.id, 'active')
  } finally {
    await evil.git('push', '--quiet', 'origin', '--delete', ...names)
  }
})
