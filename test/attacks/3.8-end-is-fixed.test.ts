// The attack: stay longer than was approved, by moving the end afterwards: in the row that the timers read, as
// somebody with the database may. The end is fixed once, in the sealed `grant.intended`; nothing recomputes it
// (trust.md 3.8).
import { expect, test } from 'vitest'
import { timedWorld } from './support/world.ts'

test('a row that says tomorrow does not keep the access until tomorrow', async () => {
  const t = await timedWorld()
  const asked = await t.ask('end-fixed')
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
  await t.query(
    `update grants set ends_at = ends_at + interval '1 day', look_at = now() + interval '2 days' where id = $1`,
    [asked.id],
  )
  await t.jump(31 * 60_000)
  await t.reached(asked.id, 'ended')
  await t.commented(asked.number, 'ended')
  expect(await t.bindings()).not.toContain(asked.id)
  await t.allSealed()
  const ends = (await t.events(asked.id)).filter(({ type }) => type === 'grant.expired')
  expect(ends).toHaveLength(1)
})
