// The attack: change the rules instead of asking. Get a change of policies/ approved by somebody who is no policy
// owner, or have an owner approve a harmless one and push the real one afterwards, or merge what was approved on top of
// something that the owner never saw (trust.md 1.3).
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  accept,
  acceptedBy,
  notAccepted,
  policyWorld,
  propose,
  restore,
  slow,
  swap,
} from './support/policies.ts'

const email = (login: string, more: string) =>
  swap(`emails: [${login}@example.com]`, `emails: [${login}@example.com, ${more}@example.com]`)

test('only the policy owners accept, and what they accept is in force once it is merged', slow, async () => {
  const t = await policyWorld()
  const before = await acceptedBy(t)
  const proposal = await propose(t, 'owners', { 'data/identities.yaml': email('alice', 'a.owners') })
  expect(await t.checked(proposal.head, 'action_required')).toContain('policy owners: erin')
  await t.approve(proposal.number, 'bob', 'carol')
  await t.checked(proposal.head, 'action_required', 'bob belongs to none of those who are asked')
  expect(await acceptedBy(t)).toBe(before)
  const commit = await accept(t, proposal)
  expect(commit).not.toBe(before)
  await t.commented(proposal.number, 'in the place of those at')
})

test('what is pushed after the approval is not what was approved', slow, async () => {
  const t = await policyWorld()
  const before = await acceptedBy(t)
  const proposal = await propose(t, 'switched', { 'data/identities.yaml': email('bob', 'b.switched') })
  await t.approve(proposal.number, 'erin')
  await t.checked(proposal.head, 'success')
  const made = await t.clone('alice', proposal.branch)
  const groups = join('policies', 'data', 'groups.yaml')
  const text = swap('members: [carol, erin]', 'members: [alice, carol, erin]')
  const head = await made.commit({ [groups]: text(await readFile(join(made.dir, groups), 'utf8')) })
  await made.git('push', '--quiet', 'origin', proposal.branch)
  await t.checked(head, 'action_required', 'approved other bytes of policies')
  const commit = await t.land(proposal.number)
  await notAccepted(t, proposal, commit, before, 'policy owners had to give')
  await restore(t, before)
})

test('a change behind the branch updates first, and its merge is not what was reviewed', slow, async () => {
  const t = await policyWorld()
  const late = await propose(t, 'late', { 'data/identities.yaml': email('carol', 'c.late') })
  await t.approve(late.number, 'erin')
  await t.checked(late.head, 'success')
  const before = await accept(
    t,
    await propose(t, 'early', {
      'data/roles.yaml': swap(
        'maxDuration: 2h\n    owners: [security]',
        'maxDuration: 1h\n    owners: [security]',
      ),
    }),
  )
  await t.checked(late.head, 'failure', 'update first')
  const commit = await t.land(late.number)
  await notAccepted(t, late, commit, before, 'is not what was reviewed')
  await restore(t, before)
})
