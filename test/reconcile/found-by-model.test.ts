import { expect, test } from 'vitest'
import { type AccessWorld, accessWorld, filePath, requestFile } from '../support/memory/access-world.ts'

/** Two pull requests with the same new file. */
const twice = (world: AccessWorld): readonly [number, number] => {
  const open = (name: string) => {
    world.push(name, { [filePath('a')]: requestFile('a') }, 'alice')
    return world.hub.open(name, 'alice')
  }
  return [open('p'), open('q')]
}

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

/** An approved request that was merged; who is to look at it, and at the branch, comes late. */
const mergedUnseen = async (world: ReturnType<typeof accessWorld>): Promise<number> => {
  const pull = world.request('a')
  await world.settle()
  world.review(pull, 'bob')
  await world.settle()
  await world.merge(pull, 'carol')
  await world.deliver()
  world.queue.take()
  return pull
}

test('a branch that loses the merge before its reconciler has seen it revokes (trust.md 3.4)', async () => {
  const world = accessWorld()
  const before = world.git.tip('main')
  const pull = await mergedUnseen(world)
  await world.lookAtPull(pull)
  world.move('main', before, 'carol')
  await world.pass(60_000)
  expect(await world.states(pull)).toEqual({ a: 'ended' })
})

/** A world that does something before a verdict, right after this was asked of GitHub or Git. */
const interrupted = (call: 'reviews' | 'commits') => {
  let during: (() => Promise<void>) | undefined
  const world = accessWorld({
    around: (port) => {
      const ask = call in port ? Reflect.get(port, call) : undefined
      return typeof ask !== 'function'
        ? port
        : Object.assign(Object.create(port), {
            [call]: async (...given: readonly unknown[]) => {
              const answer = await Reflect.apply(ask, port, given)
              const once = during
              during = undefined
              await once?.()
              return answer
            },
          })
    },
  })
  const set = (work: () => Promise<void>) => {
    during = work
  }
  return { world, during: set }
}

test('a branch that loses the merge while it is being decided grants nothing', async () => {
  const { world, during } = interrupted('reviews')
  const before = world.git.tip('main')
  const pull = await mergedUnseen(world)
  during(async () => {
    world.move('main', before, 'carol')
    await world.lookAtBranch()
  })
  await world.lookAtPull(pull)
  await world.pass(60_000)
  expect(await world.states(pull)).toEqual({ a: 'refused' })
})

test.each([
  ['another file: it is granted at once', 'b', 'provisioning'],
  ['its own file: it is looked at anew', 'a', 'approved'],
] as const)('a branch that goes on while a merge is decided, with %s', async (_, file, state) => {
  const { world, during } = interrupted('commits')
  const pull = await mergedUnseen(world)
  await world.lookAtBranch()
  during(async () => {
    world.push('main', { [filePath(file)]: requestFile('another') }, 'carol')
    await world.lookAtBranch()
  })
  await world.lookAtPull(pull)
  expect(await world.states(pull)).toEqual({ a: state })
})

test('on a rewritten branch, too, a file belongs to whoever brought it, or to nobody', async () => {
  const world = accessWorld()
  const before = world.git.tip('main')
  await world.merge(world.request('a'), 'carol')
  await world.settle()
  world.move('main', before, 'carol')
  const pull = world.request('b')
  world.review(pull, 'bob')
  await world.merge(pull, 'carol')
  world.push('main', { [filePath('stray')]: requestFile('stray') }, 'carol')
  // Its head holds everything that the branch holds.
  await world.merge(world.request('c'), 'carol')
  await world.settle()
  expect(await world.states(pull)).toEqual({ b: 'active' })
  const refused = world.ledger.events().filter(({ type }) => type === 'grant.refused')
  expect(refused.map(({ pull: of, data }) => [of, data.path])).toEqual(
    expect.arrayContaining([[0, filePath('stray')]]),
  )
  expect(refused.map(({ data }) => data.path)).not.toContain(filePath('b'))
})

test('what the branch lost before the verdict is not granted, though another pull request brought it back (trust.md 3.4)', async () => {
  const world = accessWorld()
  const [first, second] = twice(world)
  await world.settle()
  world.review(second, 'bob')
  await world.merge(second, 'carol')
  world.push('main', { [filePath('a')]: undefined }, 'carol')
  await world.merge(first, 'carol')
  await world.settle()
  expect(await world.states(second)).toEqual({ a: 'refused' })
  expect(await world.states(first)).toEqual({ a: 'refused' })
  expect(world.typesOf('a')).not.toContain('grant.intended')
  const why = world.ledger.events().findLast((one) => one.type === 'grant.refused' && one.pull === second)
  expect(why?.data.why).toContain('changed or left main')
})

test('a request that nobody had looked at before another merge made a link of it is not granted, though its bytes are the same (trust.md 3.4, 6.11)', async () => {
  const world = accessWorld()
  const [other, pull] = twice(world)
  world.review(pull, 'bob')
  await world.merge(pull, 'carol')
  const link = { text: requestFile('a'), mode: '120000' }
  world.push('p', { [filePath('a')]: link }, 'alice', world.git.tip('main'))
  await world.merge(other, 'carol')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'refused' })
  expect(world.typesOf('a')).not.toContain('grant.intended')
})

test('nor one that the branch lost and got back from another merge before anybody had looked at it', async () => {
  const world = accessWorld()
  const [other, pull] = twice(world)
  world.review(pull, 'bob')
  await world.merge(pull, 'carol')
  world.push('main', { [filePath('a')]: undefined }, 'carol')
  await world.merge(other, 'carol')
  await world.lookAtPull(pull)
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'refused' })
  expect(world.typesOf('a')).not.toContain('grant.intended')
})
