// The bug of others: a request is timed out, and an approval that comes afterwards revives it. After `pendingTtl` it has
// lapsed, is closed with a comment however often it is opened again, and no merge brings it back (trust.md 7.03).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { admin } from '../support/world.ts'
import { timedWorld } from './support/world.ts'

test('approved after it had lapsed, reopened and merged, it grants nothing', async () => {
  const t = await timedWorld()
  const asked = await t.ask('timed-out', admin)
  await t.checked(asked.head, 'action_required')
  await t.jump(7 * 24 * 3600_000 + 60_000)
  await t.reached(asked.id, 'lapsed')
  await t.commented(asked.number, 'lapsed')
  const reopen = () => t.api('PATCH', `/pulls/${asked.number}`, { state: 'open' }, 'alice')
  await t.approve(asked.number, 'bob', 'carol')
  await reopen()
  await until('it to be closed again', async () => {
    const { state } = await t.api<{ state: string }>('GET', `/pulls/${asked.number}`)
    return state === 'closed'
  })
  // Quicker than gitsudo can close it.
  const { faults } = t.github.admin
  faults.deliveries({ happens: 'delay', event: 'pull_request', delayMs: 2000, count: 1 })
  await reopen()
  const path = new RegExp(`/pulls/${asked.number}$`)
  const heal = faults.api({ answer: 'bad-gateway', method: 'PATCH', path })
  try {
    await t.github.admin.deliveriesSettled()
    await t.approve(asked.number, 'bob', 'carol')
    await t.github.admin.deliveriesSettled()
    await t.land(asked.number)
    await t.alerted('grant.refused', { pull: asked.number })
  } finally {
    heal()
  }
  await t.nothingGranted(asked.number)
  await t.reached(asked.id, 'lapsed')
  const refusal = (await t.events(asked.id)).find(({ type }) => type === 'grant.refused')
  expect(JSON.stringify(refusal?.data)).toContain('after the request had lapsed')
})
