import { expect, test } from 'vitest'
import { accessWorld, filePath, requestFile } from '../support/memory/access-world.ts'

/** Sequences that the pull-request model came upon, reduced. */
test('a pull request into another branch whose head the branch holds already is no trouble', async () => {
  const world = accessWorld()
  world.hub.git.refs.set('side', world.git.tip('main'))
  const first = world.request('p')
  world.push('q', { [filePath('q')]: requestFile('q') }, 'alice', world.git.tip('main'))
  const other = world.hub.open('q', 'alice', { base: 'side' })
  await world.settle()
  await world.merge(first, 'carol')
  world.move('q', world.git.tip('p'), 'alice')
  await world.pass(10 * 60_000)
  expect(await world.states(other)).toEqual({ q: 'cancelled' })
  expect(await world.store.nextLookAt(world.clock.now())).toBeUndefined()
})

test.each(['rebase', 'by hand'] as const)(
  'a file that several commits of one pull request wrote is granted, and stays so, merged by %s',
  async (how) => {
    const world = accessWorld()
    world.push('p', { [filePath('a')]: requestFile('one') }, 'alice')
    world.push('p', { [filePath('a')]: requestFile('two') }, 'alice')
    const pull = world.hub.open('p', 'alice')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    if (how === 'rebase') await world.merge(pull, 'carol', how)
    else world.hub.pushHead(pull, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'active' })

    world.push('main', { [filePath('a')]: requestFile('one') }, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'ended' })
  },
)
