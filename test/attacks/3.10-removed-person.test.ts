// The attack: stay in. Somebody who was put out of identities, or blocked, keeps the access that was granted before, or
// has one waiting for a later start; or hides it by writing another's name on its row (trust.md 3.10, 5.2).
import { expect, test } from 'vitest'
import { hands } from './support/hands.ts'
import { accept, policyWorld, propose, slow, swap } from './support/policies.ts'

test('whoever is blocked loses live and scheduled grants at the next accepted commit', slow, async () => {
  const t = await policyWorld()
  const spec = { requester: 'frank', role: 'dev-admin', scope: '"345678901234"', duration: '30m' }
  const later = new Date(t.clock.now() + 3_600_000).toISOString().replace(/\.\d+Z/, 'Z')
  const live = await t.ask('blocked-live', spec)
  const scheduled = await t.ask('blocked-later', { ...spec, startsAt: later })
  for (const { number, head } of [live, scheduled]) {
    await t.approve(number, 'carol')
    await t.checked(head, 'success')
    await t.land(number)
  }
  await t.reached(live.id, 'active')
  await t.reached(scheduled.id, 'scheduled')
  const hide = "update grants set requester_id = 1002, requester_login = 'bob' where id = $1"
  for (const { id } of [live, scheduled]) expect(await hands(t).app(hide, [id])).toBe(1)
  await accept(
    t,
    await propose(t, 'block-frank', {
      'data/identities.yaml': swap('id: 1006\n', 'id: 1006\n    blocked: true\n'),
    }),
  )
  await t.reached(live.id, 'ended')
  await t.reached(scheduled.id, 'ended')
  expect(await t.bindings()).not.toContain(live.id)
  await t.allSealed()
  expect((await t.events(scheduled.id)).map(({ type }) => type)).not.toContain('grant.intended')
  await t.commented(live.number, '**ended**')
})
