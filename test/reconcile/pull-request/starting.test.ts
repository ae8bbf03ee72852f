import { expect, test } from 'vitest'
import { accessWorld, filePath, requestFile } from '../../support/memory/access-world.ts'
import { people } from '../../support/memory/hub-people.ts'
import { minute } from './approved.ts'

test('a scheduled start goes by what was sealed, whatever its row says (trust.md 3.7, 5.2)', async () => {
  const locks: string[] = []
  const world = accessWorld()
  const { serialise } = world.deps.store
  world.deps.store.serialise = (tx, key) => {
    locks.push(key)
    return serialise(tx, key)
  }
  const startsAt = world.clock.now() + 60 * minute
  world.push('a', { [filePath('a')]: requestFile('a', startsAt) }, 'alice')
  const pull = world.open('a', 'alice')
  await world.settle()
  world.review(pull, 'bob')
  await world.merge(pull, 'alice')
  await world.settle()
  const [grant] = world.store.grantRows()
  if (grant === undefined) throw new Error('no grant')
  world.store.tamperGrant(grant.id, {
    requester: { id: people.bob.id, login: 'bob' },
    startsAt: world.clock.now(),
    endsAt: world.clock.now() + 600 * minute,
  })
  locks.length = 0
  await world.lookAtPull(pull)
  expect(world.typesOf('a')).not.toContain('grant.intended')
  world.clock.set(startsAt)
  await world.lookAtPull(pull)
  expect(locks).toContain(`person:${people.alice.id}`)
  const intended = world.ledger.events().find(({ type }) => type === 'grant.intended')
  expect(intended?.data).toMatchObject({ requester: { login: 'alice' } })
  expect(Date.parse(String(intended?.data.ends_at))).toBe(startsAt + 120 * minute)
  expect(world.alerts()).toContain('grant.row_differs')
})
