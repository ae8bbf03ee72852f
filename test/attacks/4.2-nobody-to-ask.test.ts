// The attack: find the request for which the approval policies ask nobody in particular, and take that for nobody's
// approval being needed: no policy applies, an unknown tier, a count of none, a group that does not exist or has no
// members, `human` without anybody named; or `auto` beside somebody who is. Each refuses and names the policy, and
// whoever is named has to approve (trust.md 4.2). Played through the running service; what takes policies of other words,
// against the reconcilers in memory, too (see 4.1).
import { afterAll, describe, expect, test } from 'vitest'
import { oddPolicyWorld } from './support/odd-policies.ts'
import { oddlyRefused } from './support/odd-rules-world.ts'
import { oddWorld } from './support/odd-world.ts'

const odd = oddPolicyWorld()
afterAll(() => odd.close())

describe.each([
  ['none', 'no approval policy applies'],
  ['tier', 'approver_tier "robot" is not auto, ai_review or human'],
  ['count', 'it asks for a count of 0'],
  ['group', 'it names group nowhere: policies/data/groups.yaml has no group nowhere'],
  ['nobody', 'it asks for people to approve and names none'],
])('%j refuses', (of, why) => {
  test('in memory', () => odd.refused(`asks-${of}`, { case: of }, why))
  test('in the service', () => oddlyRefused(of, why))
})

test('what the tier calls automatic needs whoever is named all the same', async () => {
  const { world } = odd
  expect(await odd.merged('auto-approved', { case: 'auto' })).toMatchObject({ state: 'active' })
  const request = world.ledger.events().find(({ type }) => type === 'request.approved')
  expect(request?.data.approved_by).toMatchObject([{ login: 'bob' }])
})

test.each([
  ['vault-admin', 'it names group ghosts: GitHub knows no team acme/gone'],
  ['void-admin', 'it names group nobody, which is empty'],
])('a team that cannot approve: %s', async (role, why) => {
  const t = await oddWorld()
  const asked = await t.ask(`nobody-${role}`, { role, scope: 'c1', duration: '1h' })
  await t.approve(asked.number, 'bob', 'carol', 'erin')
  await t.checked(asked.head, 'failure', why)
  await t.land(asked.number)
  await t.refused(asked, why)
})
