// The attack: let a forced merge be refused, then collect the approvals and make gitsudo look again, by reviews,
// comments and redeliveries, until it changes its mind. The first complete verdict after the merge is final, and
// `refused` is terminal (trust.md 3.2).
import { expect, test } from 'vitest'
import { admin } from '../support/world.ts'
import { quiet } from './support/quiet.ts'
import { attackWorld } from './support/world.ts'

test('approvals after a refusal change nothing', async () => {
  const t = await attackWorld()
  const asked = await t.ask('final', admin)
  await t.checked(asked.head, 'action_required')
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
  t.github.admin.faults.deliveries({ happens: 'double', event: 'pull_request_review', count: 2 })
  await t.approve(asked.number, 'bob', 'carol')
  await t.api('POST', `/issues/${asked.number}/comments`, { body: 'please look again' }, 'alice')
  await quiet(t, asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
  const refusals = (await t.events(asked.id)).filter(({ type }) => type === 'grant.refused')
  expect(refusals).toHaveLength(1)
})
