// The attack: be somebody who may approve when the check looks, and nobody by the time of the merge: lose one's
// permission, or leave the nested team that the rule means. Permission and membership are read fresh at the merge,
// nested teams and further pages to the end (trust.md 2.9, 6.03, 6.17).
import { test } from 'vitest'
import { admin } from '../support/world.ts'
import { oddWorld } from './support/odd-world.ts'
import { attackWorld } from './support/world.ts'

const cluster = { role: 'cluster-admin', scope: 'c1', duration: '1h' }

test('whoever is not asked has approved nothing', async () => {
  const t = await attackWorld()
  const asked = await t.ask('may-not', admin)
  await t.approve(asked.number, 'dave', 'frank')
  await t.checked(asked.head, 'action_required', 'dave belongs to none of those who are asked')
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
})

test('a member on the second page of a nested team counts, until the team is left', async () => {
  const t = await oddWorld()
  const kept = await t.ask('may-nested', cluster)
  await t.approve(kept.number, 'bob')
  await t.checked(kept.head, 'success')
  await t.land(kept.number, 'bob')
  await t.reached(kept.id, 'active')

  const left = await t.ask('may-left', cluster)
  await t.approve(left.number, 'carol')
  await t.checked(left.head, 'success')
  t.github.admin.removeTeamMember('acme', 'europe', 'carol')
  await t.land(left.number)
  await t.refused(left, 'merged with 0 of the 1 approvals that group night-watch had to give')
})

test('whoever may only read at the merge has approved nothing', async () => {
  const t = await oddWorld()
  const asked = await t.ask('may-read', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const allow = (role: 'read' | 'write') => t.github.admin.setPermission(t.repository.fullName, 'carol', role)
  allow('read')
  try {
    await t.land(asked.number)
    await t.refused(asked, 'carol has read permission')
  } finally {
    allow('write')
  }
})
