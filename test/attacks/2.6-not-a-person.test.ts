// The attack: let an App approve: whoever can install one, or holds the token of one, has as many reviewers as he
// likes. Or make an account that nobody knows of, and have it put into the team that approves: it may be the requester's
// own. Only a User's review counts, known by numeric id (trust.md 2.6, 6.14).
import { expect, test } from 'vitest'
import { createPerson } from '../../app/sandbox/person.ts'
import { admin, says } from '../support/world.ts'
import { oddWorld } from './support/odd-world.ts'
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

test('the approval of a team member whom no identities know does not count', async () => {
  const t = await oddWorld()
  const { admin: hub, apiUrl, url: gitUrl } = t.github
  const account = hub.createUser({ login: 'grace', id: 1900 })
  hub.setPermission(t.repository.fullName, 'grace', 'write')
  hub.addTeamMember('acme', 'europe', 'grace')
  const grace = createPerson(account, { apiUrl, gitUrl, repository: t.repository.fullName, dir: t.dir })
  const why = 'grace (1900) is not in policies/data/identities.yaml'
  const asked = await t.ask('by-nobody', { role: 'cluster-admin', scope: 'c1', duration: '1h' })
  expect(await grace.review(asked.number, 'APPROVE')).toBe(200)
  const summary = await t.checked(asked.head, 'action_required', why)
  expect(
    says(summary, 'under identities in policies/data/identities.yaml add grace: { id: 1900, trustTier: 1 }'),
  ).toBe(true)
  await t.land(asked.number)
  await t.refused(asked, why)
})
