// The attack: have a start far ahead approved and lose what it stood on meanwhile; or be approved for a start that
// is long past when gitsudo wakes up; or write a start in the past, to stretch the time; or have it come in spite of a
// revocation, or in the same moment. A later start is scheduled and gets a second, full verdict; one missed by more than
// `grantWindow` is refused; a past one means now (trust.md 3.7).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { type Asked, admin } from '../support/world.ts'
import { type AttackWorld, timedWorld } from './support/world.ts'

const hour = 3_600_000
const instant = (at: number) => new Date(at).toISOString().replace(/\.\d+/, '')

const scheduled = async (t: AttackWorld, slug: string, inMs: number): Promise<Asked> => {
  const asked = await t.ask(slug, { ...admin, startsAt: instant(t.clock.now() + inMs) })
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'scheduled')
  return asked
}
const notGiven = async (t: AttackWorld, asked: Asked, mention: string) => {
  await t.reached(asked.id, 'refused')
  await t.commented(asked.number, mention)
  await t.allSealed()
  const types = (await t.events(asked.id)).map(({ type }) => type)
  expect(types).toContain('grant.scheduled')
  expect(types).toContain('grant.refused')
  expect(types).not.toContain('grant.intended')
  expect(await t.bindings()).not.toContain(asked.id)
}

test('at the start everything is asked again', async () => {
  const t = await timedWorld()
  const asked = await scheduled(t, 'start-again', 2 * hour)
  const allow = (role: 'read' | 'write') => t.github.admin.setPermission(t.repository.fullName, 'bob', role)
  allow('read')
  try {
    await t.jump(2 * hour + 60_000)
    await notGiven(t, asked, 'bob has read permission')
  } finally {
    allow('write')
    // Whatever the check remembers of people is forgotten after a minute.
    await t.jump(61_000)
  }
})

test('a start that was missed does not come later', async () => {
  const t = await timedWorld()
  const asked = await scheduled(t, 'start-missed', hour)
  await t.jump(3 * hour)
  await notGiven(t, asked, 'grantWindow')
})

test('what was revoked before its start does not start, and at its start is gone whoever was first', async () => {
  const t = await timedWorld()
  const [early, late] = [
    await scheduled(t, 'start-revoked', hour),
    await scheduled(t, 'start-revoked-late', 2 * hour),
  ]
  const revoke = (id: string) => t.gitsudo('alice', 'revoke', id, '--reason', 'not needed')
  const typesOf = async (id: string) => (await t.events(id)).map(({ type }) => type)
  expect(await revoke(early.id)).toMatchObject({ status: 0 })
  await t.jump(hour + 60_000)
  const [answer] = await Promise.all([revoke(late.id), t.jump(hour)])
  expect(answer).toMatchObject({ status: 0 })
  for (const { id } of [early, late]) await t.reached(id, 'ended')
  await t.allSealed()
  expect(await typesOf(early.id)).not.toContain('grant.intended')
  const types = await typesOf(late.id)
  if (types.includes('grant.intended')) expect(types).toContain('grant.revoke_intended')
  expect(types).toContain('grant.revoked')
  for (const { id } of [early, late]) expect(await t.bindings()).not.toContain(id)
})

test('a start in the past means now, and no longer', async () => {
  const t = await timedWorld()
  const asked = await t.ask('start-past', { startsAt: instant(t.clock.now() - 5 * hour) })
  await t.checked(asked.head, 'success')
  const before = t.clock.now()
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
  const [row] = await until('the grant', () =>
    t.query<{ from: Date; to: Date }>('select starts_at as from, ends_at as to from grants where id = $1', [
      asked.id,
    ]),
  )
  expect(Number(row?.from)).toBeGreaterThanOrEqual(before - 1000)
  expect(Number(row?.to) - Number(row?.from)).toBe(hour / 2)
})
