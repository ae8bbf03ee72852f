// The bug of others: a request waits with its approvals, somebody edits the rule, and the old approvals are counted for
// a question that nobody had asked the approvers (trust.md 7.02, 1.9).
import { expect, test } from 'vitest'
import { accept, policyWorld, propose, slow, swap } from './support/policies.ts'

const dev = { role: 'dev-admin', scope: '"345678901234"', duration: '1h' }

test('approvals under the old rule ask for renewal; given again they count', slow, async () => {
  const t = await policyWorld()
  const stale = await t.ask('rule-stale', dev)
  const renewed = await t.ask('rule-renewed', { ...dev, duration: '2h' })
  for (const { number, head } of [stale, renewed]) {
    await t.checked(head, 'action_required', 'group platform')
    await t.approve(number, 'carol')
    await t.checked(head, 'success')
  }
  // Carol belongs to both groups: by the new rule alone her approval would do.
  const commit = await accept(
    t,
    await propose(t, 'owners-edited', {
      'data/roles.yaml': swap('owners: [platform]', 'owners: [security, platform]'),
    }),
  )
  for (const { head } of [stale, renewed])
    await t.checked(head, 'action_required', 'given under the old policy: approve again')
  await t.land(stale.number)
  expect(await t.refused(stale, 'group security had to give')).toContain(commit)

  await t.approve(renewed.number, 'carol')
  await t.checked(renewed.head, 'success')
  await t.land(renewed.number)
  await t.reached(renewed.id, 'active')
})
