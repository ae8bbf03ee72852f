// The attack: an administrator of the repository, or whoever has stolen the account, does not ask the policy owners.
// Merge over the failing check, push to the branch, or rewrite it: the rules in the branch then say what one likes
// (trust.md 1.4).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { admin } from '../support/world.ts'
import {
  acceptedBy,
  drift,
  edit,
  notAccepted,
  policyEvents,
  policyWorld,
  propose,
  restore,
  slow,
  swap,
} from './support/policies.ts'

/** Everybody is in the group that approves changes to production. */
const everybody = swap('members: [bob, carol, erin]', 'members: [alice, bob, carol, dave, erin, frank]')

test('merged over the check: the last accepted policies stay in force', slow, async () => {
  const t = await policyWorld()
  const before = await acceptedBy(t)
  const proposal = await propose(t, 'bypass', { 'data/groups.yaml': everybody }, 'dave')
  await t.checked(proposal.head, 'action_required')
  const commit = await t.land(proposal.number)
  await notAccepted(t, proposal, commit, before, 'policy owners had to give')

  const asked = await t.ask('bypass-policies', admin)
  await t.approve(asked.number, 'bob', 'dave')
  await t.checked(asked.head, 'action_required', 'prod-approvers: bob, carol, erin')
  await t.land(asked.number)
  await t.refused(asked, 'group prod-approvers had to give')
  await restore(t, before)
})

test('pushed to the branch: told once, and shown until it is gone', slow, async () => {
  const t = await policyWorld()
  const before = await acceptedBy(t)
  const commit = await edit(t, 'main', { 'data/groups.yaml': everybody }, 'erin')
  const alert = await t.alerted('policy.not_accepted', { commit })
  expect(alert.why).toContain('pushed to the branch without a pull request')
  expect(await acceptedBy(t)).toBe(before)
  expect(await drift(t)).toContain('pushed to the branch without a pull request')
  await restore(t, before)
  await until('the accepted policies to be back', async () => (await drift(t)) === '')
  expect((await policyEvents(t)).filter((one) => one.endsWith(commit))).toEqual([`policy.refused ${commit}`])
  expect(t.replica.alerts.filter((one) => one.commit === commit)).toHaveLength(1)
})

test('a history rewritten by force changes no rule either', slow, async () => {
  const t = await policyWorld()
  const before = await acceptedBy(t)
  t.github.admin.unprotectBranch(t.repository.fullName, 'main')
  const made = await t.clone('erin')
  const tip = await made.git('rev-parse', 'HEAD')
  await made.git('checkout', '--quiet', '--orphan', 'other')
  const groups = 'apiVersion: gitsudo.dev/v1\nkind: Groups\ngroups:\n  sre: { members: [alice] }\n'
  const commit = await made.commit({ 'policies/data/groups.yaml': groups })
  await made.git('push', '--quiet', '--force', 'origin', 'other:main')
  await t.alerted('branch.rewritten')
  await t.alerted('policy.not_accepted', { commit })
  expect(await acceptedBy(t)).toBe(before)
  await made.git('push', '--quiet', '--force', 'origin', `${tip}:main`)
  await until('the accepted policies to be back', async () => (await drift(t)) === '')
  expect(await acceptedBy(t)).toBe(before)
})
