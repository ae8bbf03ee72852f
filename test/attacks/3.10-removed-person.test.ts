// The attack: stay in. Somebody who was put out of identities, or blocked, keeps the access that was granted before, or
// has one waiting for a later start; or hides it by writing another's name on its row (trust.md 3.10, 5.2).
import { expect, test } from 'vitest'
import { hands } from './support/hands.ts'
import { accept, policyWorld, propose, slow, swap } from './support/policies.ts'

const identities = 'data/identities.yaml'
const block = swap('id: 1006\n', 'id: 1006\n    blocked: true\n')
/** Without dave's whole entry. */
const remove = (text: string): string => {
  const without = text.replace(/^ {2}dave:\n(?: {4}.*\n)+/m, '')
  expect(without).not.toBe(text)
  return without
}

test(
  'whoever is blocked or removed loses live and scheduled grants at the next accepted commit',
  slow,
  async () => {
    const t = await policyWorld()
    const spec = { role: 'dev-admin', scope: '"345678901234"', duration: '30m' }
    const later = new Date(t.clock.now() + 3_600_000).toISOString().replace(/\.\d+Z/, 'Z')
    const grantsOf = async (requester: string) => {
      const live = await t.ask(`${requester}-live`, { ...spec, requester })
      const scheduled = await t.ask(`${requester}-later`, { ...spec, requester, startsAt: later })
      for (const { number, head } of [live, scheduled]) {
        await t.approve(number, 'carol')
        await t.checked(head, 'success')
        await t.land(number)
      }
      await t.reached(live.id, 'active')
      await t.reached(scheduled.id, 'scheduled')
      return { live, scheduled }
    }
    const [blocked, removed] = [await grantsOf('frank'), await grantsOf('dave')]
    const all = [blocked.live, blocked.scheduled, removed.live, removed.scheduled]
    const hide = "update grants set requester_id = 1002, requester_login = 'bob' where id = $1"
    for (const { id } of all) expect(await hands(t).app(hide, [id])).toBe(1)
    const before = await (await t.clone('erin')).git('show', `HEAD:policies/${identities}`)
    const commit = await accept(
      t,
      await propose(t, 'put-out', {
        [identities]: (text) => remove(block(text)),
        'data/groups.yaml': swap('members: [dave, frank]', 'members: [frank]'),
      }),
    )
    const since = `is not in identities, or is blocked, since ${commit.slice(0, 10)}`
    for (const { id } of all) await t.reached(id, 'ended')
    for (const asked of all) await t.endedAs(asked, since)
    for (const { scheduled } of [blocked, removed]) {
      const types = (await t.events(scheduled.id)).map(({ type }) => type)
      expect(types).toContain('grant.revoked')
      expect(types).not.toContain('grant.intended')
    }
    const held = await t.bindings()
    for (const { id } of all) expect(held).not.toContain(id)
    // The others count on dave.
    await accept(
      t,
      await propose(t, 'let-in-again', {
        [identities]: () => block(`${before}\n`),
        'data/groups.yaml': swap('members: [frank]', 'members: [dave, frank]'),
      }),
    )
    expect((await t.bindings()).filter((id) => all.some((one) => one.id === id))).toEqual([])
  },
)
