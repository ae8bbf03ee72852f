// The attack: the pull request remembers older rules. Open it while the rules are mild, so that its base.sha and its
// merge base hold the mild ones, and have it decided by them after they have been made strict; or branch off a main
// that holds rules nobody accepted (trust.md 1.5).
import { expect, test } from 'vitest'
import { accept, acceptedBy, edit, policyWorld, propose, restore, slow, swap } from './support/policies.ts'

const orders = { requester: 'dave', role: 'db-read', scope: 'customers', duration: '30m' }

test('a pull request from before a change is decided by what is accepted now', slow, async () => {
  const t = await policyWorld()
  const asked = await t.ask('older-base', orders)
  await t.checked(asked.head, 'action_required', 'group security')
  const commit = await accept(
    t,
    await propose(t, 'no-customers', {
      'data/roles.yaml': swap('scopes: [orders, customers]', 'scopes: [orders]'),
    }),
  )
  await t.checked(asked.head, 'failure', 'customers is no scope of db-read')
  await t.approve(asked.number, 'carol')
  await t.land(asked.number)
  const why = await t.refused(asked, 'customers is no scope of db-read')
  expect(why).toContain(commit)
})

test(
  'rules that nobody accepted decide nothing, whatever the branch of the request holds',
  slow,
  async () => {
    const t = await policyWorld()
    const before = await acceptedBy(t)
    await edit(t, 'main', { 'data/roles.yaml': swap('owners: [security]', 'owners: [developers]') }, 'erin')
    const asked = await t.ask('newer-base', { ...orders, scope: 'orders' })
    await t.checked(asked.head, 'action_required', 'group security')
    await t.approve(asked.number, 'frank')
    await t.land(asked.number)
    expect(await t.refused(asked, 'group security had to give')).toContain(before)
    await restore(t, before)
  },
)
