// The bug of others: two approvals arrive in the same moment, each handler sees that it completes the request, and each
// makes a grant. Whatever arrives at once, on however many replicas: one verdict, one intent, one binding
// (trust.md 7.06).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { freePort } from '../../app/sandbox/world.ts'
import { admin } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('approvals, merge and every delivery doubled, on two replicas: one grant', async () => {
  const t = await attackWorld()
  const second = await t.start({ port: await freePort() })
  try {
    const asked = await Promise.all(['at-once-a', 'at-once-b'].map((slug) => t.ask(slug, admin)))
    for (const { head } of asked) await t.checked(head, 'action_required')
    for (const event of ['pull_request', 'pull_request_review', 'push'])
      t.github.admin.faults.deliveries({ happens: 'double', event })
    await Promise.all(asked.flatMap(({ number }) => [t.approve(number, 'bob'), t.approve(number, 'carol')]))
    for (const { number } of asked) await t.land(number)
    for (const { id, number } of asked) {
      await t.reached(id, 'active')
      await t.commented(number, '**active**')
    }
    await t.github.admin.deliveriesSettled()
    await until('nothing to be under way', async () => {
      const jobs = await t.query(`select id from pgboss.job where state in ('created', 'retry', 'active')`)
      return jobs.length === 0
    })
    await t.allSealed()
    for (const { id, number } of asked) {
      const types = (await t.events(id)).map(({ type }) => type)
      for (const type of ['request.approved', 'grant.intended', 'grant.issued'])
        expect([type, types.filter((one) => one === type)]).toEqual([type, [type]])
      expect((await t.bindings()).filter((one) => one === id)).toHaveLength(1)
      expect(await t.query('select id from grant_attempts where grant_id = $1', [id])).toHaveLength(1)
      expect((await t.comments(number)).filter(({ body }) => body.includes('**active**'))).toHaveLength(1)
    }
  } finally {
    t.github.admin.faults.clear()
    await second.stop()
  }
})
