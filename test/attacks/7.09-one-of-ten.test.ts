// The bug of others: what arrives holds ten records, the first one is handled, and nobody hears of the other nine:
// nine grants that were never made, or nine that were never taken away. Ten requests in one pull request are ten
// grants, and ten deletions in one push are ten ends (trust.md 7.09).
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { pathOf, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

const more = Array.from({ length: 9 }, (_, n) => pathOf(`ten-${n + 2}`))

test('ten asked for, ten given, ten taken away', async () => {
  const t = await attackWorld()
  const others = Object.fromEntries(more.map((path) => [path, textOf()]))
  const asked = await t.ask('ten-1', {}, others)
  const paths = [asked.path, ...more]
  const ids = paths.map((path) => requestId(t.repository.id, asked.number, path))
  const told = await t.checked(asked.head, 'success')
  for (const path of paths) expect(told).toContain(path)
  await t.land(asked.number, 'bob')
  for (const id of ids) await t.reached(id, 'active')
  expect(await t.bindings()).toEqual(expect.arrayContaining(ids))

  const theirs = await t.clone('erin')
  await theirs.commit(Object.fromEntries(paths.map((path) => [path, null])))
  await theirs.git('push', '--quiet', 'origin', 'main')
  for (const id of ids) await t.reached(id, 'ended')
  expect((await t.bindings()).filter((id) => ids.some((one) => one === id))).toEqual([])
  await t.allSealed()
  for (const id of ids)
    expect((await t.events(id)).filter(({ type }) => type === 'grant.revoked')).toHaveLength(1)
  await t.commented(asked.number, '**ended** (revoked')
})

test('one wrong among ten is found wherever it stands', async () => {
  const t = await attackWorld()
  const others = Object.fromEntries(
    more.map((_, n) => [
      pathOf(`tenth-${n + 2}`),
      textOf(n === 8 ? { role: 'db-read', scope: 'orders' } : {}),
    ]),
  )
  const asked = await t.ask('tenth-1', {}, others)
  await t.checked(asked.head, 'failure', pathOf('tenth-10'))
  await t.land(asked.number)
  await t.refused(asked, 'db-read is open to')
})
