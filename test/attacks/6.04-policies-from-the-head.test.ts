// The attack: the pull request brings the rule that lets it through: as a change beside the request, or in its head
// alone, as people of one's own who then approve the policies (trust.md 6.04, 1.3).
import { expect, test } from 'vitest'
import { admin } from '../support/world.ts'
import { acceptedBy, policyWorld, propose, restore, slow, swap } from './support/policies.ts'

const groups = `apiVersion: gitsudo.dev/v1
kind: Groups
groups:
  sre: { members: [alice, dave] }
  developers: { members: [dave] }
  security: { members: [dave] }
  prod-approvers: { members: [dave] }
  platform: { members: [dave] }
`

test(
  'a request beside the policies that would let it through is refused, and they are not accepted',
  slow,
  async () => {
    const t = await policyWorld()
    const before = await acceptedBy(t)
    const asked = await t.ask('own-rules', admin, { 'policies/data/groups.yaml': groups })
    await t.checked(asked.head, 'failure', 'beside requests/ it changes policies/data/groups.yaml')
    await t.approve(asked.number, 'dave', 'erin')
    const commit = await t.land(asked.number)
    await t.refused(asked, 'beside requests/ it changes')
    const alert = await t.alerted('policy.not_accepted', { commit })
    expect(alert.pull).toBe(asked.number)
    expect(await acceptedBy(t)).toBe(before)
    await restore(t, before)
  },
)

test('who a proposal says that people are decides nothing about the proposal', slow, async () => {
  const t = await policyWorld()
  const proposal = await propose(t, 'own-people', {
    // The policy owner's login for a number of one's own.
    'data/identities.yaml': (text) =>
      swap(
        '  erin:\n    id: 1005',
        '  erin:\n    id: 1004',
      )(swap('  dave:\n    id: 1004', '  dave:\n    id: 1005')(text)),
  })
  await t.checked(proposal.head, 'action_required', 'policy owners: erin')
  await t.approve(proposal.number, 'dave')
  await t.checked(proposal.head, 'action_required', 'dave belongs to none of those who are asked')
})
