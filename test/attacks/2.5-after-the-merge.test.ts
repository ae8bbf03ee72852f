// The attack: merge first, past the check, and collect the approvals in the moment before gitsudo hears of the
// merge. A review counts only if it was submitted before the merge (trust.md 2.5).
import { test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { admin } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('approvals from after the merge do not count', async () => {
  const t = await attackWorld()
  const asked = await t.ask('after-merge', admin)
  await t.checked(asked.head, 'action_required')
  t.github.admin.faults.deliveries({ happens: 'delay', event: 'push' })
  t.github.admin.faults.deliveries({ happens: 'delay', event: 'pull_request' })
  t.github.admin.faults.deliveries({ happens: 'delay', event: 'pull_request_review' })
  try {
    await t.land(asked.number)
    const merged = t.clock.now()
    // GitHub's times are whole seconds, and the merge's own second counts as before it.
    await until('the next second', async () => t.clock.now() >= merged + 1100)
    await t.approve(asked.number, 'bob', 'carol')
  } finally {
    t.github.admin.faults.clear()
  }
  await t.refused(asked, "bob's approval was given after the merge")
})
