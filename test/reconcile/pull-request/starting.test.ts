import { expect, test } from 'vitest'
import { accessWorld, filePath, requestFile } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { people } from '../../support/memory/hub-people.ts'
import { alice, away, minute } from './approved.ts'

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

/** Merged, to start in an hour. */
const scheduled = async (world: ReturnType<typeof accessWorld>, names: readonly string[]) => {
  const startsAt = world.clock.now() + 60 * minute
  world.push(
    'later',
    Object.fromEntries(names.map((one) => [filePath(one), requestFile(one, startsAt)])),
    'alice',
  )
  const pull = world.open('later', 'alice')
  await world.settle()
  world.review(pull, 'bob')
  await world.merge(pull, 'alice')
  await world.settle()
  return { pull, startsAt }
}

test.each([
  ['trouble', away],
  [
    'a fault of ours',
    () => {
      throw new TypeError('not thought of')
    },
  ],
])('%s at one start keeps no other from its own', async (_, fail) => {
  const world = accessWorld()
  const { pull, startsAt } = await scheduled(world, ['a', 'b'])
  let asked = 0
  world.meet((call) => {
    if (call === 'pull' && asked++ === 0) fail()
  })
  world.clock.set(startsAt)
  await world.lookAtPull(pull).catch((error: unknown) => expect(error).toBeInstanceOf(TypeError))
  expect(await world.states(pull)).toEqual({ a: 'scheduled', b: 'provisioning' })
  await world.lookAtPull(pull)
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'active', b: 'active' })
})

test('one whose file the merge brings no more is refused for that', async () => {
  const world = accessWorld()
  const before = world.git.tip('main')
  const { pull, startsAt } = await scheduled(world, ['a'])
  const merged = world.pulls.get(pull)
  if (merged === undefined) throw new Error('no pull request')
  const other = world.git.commit([before], { 'notes.md': 'more' }, alice)
  world.move('main', other, 'alice')
  world.pulls.set(pull, { ...merged, head: { ...merged.head, sha: other }, mergeCommit: other })
  world.clock.set(startsAt)
  await world.lookAtPull(pull)
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'refused' })
  const why = 'the merge no longer brings its file'
  expect(world.ledger.events().find(({ type }) => type === 'grant.refused')?.data.why).toBe(why)
  expect((await world.store.pull(repositoryId, pull))?.decision).toMatchObject({
    verdict: 'denied',
    summary: why,
  })
})
