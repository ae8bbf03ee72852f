import { describe, expect, test } from 'vitest'
import { type AccessWorld, accessWorld, filePath, requestFile } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { approved } from './approved.ts'

describe('one path, one request, one grant (trust.md 3.4)', () => {
  test('a file deleted and put back by a pull request that left the branch before it came is used up', async () => {
    const world = accessWorld()
    const fork = world.git.tip('main')
    const first = await approved(world)
    await world.merge(first, 'alice')
    await world.settle()
    world.push('gone', { [filePath('a')]: undefined }, 'alice', world.git.tip('main'))
    await world.merge(world.open('gone', 'alice'), 'alice')
    await world.settle()
    expect(await world.states(first)).toEqual({ a: 'ended' })

    world.push('again', { [filePath('a')]: requestFile('a') }, 'alice', fork)
    const second = world.open('again', 'alice')
    await world.settle()
    expect(await world.states(second)).toEqual({ a: 'denied' })
    world.review(second, 'bob')
    await world.settle()
    await world.merge(second, 'alice')
    await world.settle()
    expect(await world.states(second)).toEqual({ a: 'refused' })
  })

  test('a merge by hand on what the branch held long before gives nothing, and says why', async () => {
    const world = accessWorld()
    const long = world.git.tip('main')
    world.push('main', { [filePath('x')]: requestFile('x') }, 'carol')
    const pull = await approved(world)
    const files = { [filePath('x')]: requestFile('x'), [filePath('a')]: requestFile('a') }
    const { head } = await world.hub.api.pull(pull)
    const by = { name: 'carol', email: 'carol@example.com' }
    world.move('main', world.git.commit([long, head.sha], files, by), 'carol')
    await world.settle()
    expect((await world.store.pull(repositoryId, pull))?.decision).toMatchObject({
      verdict: 'not_yet',
      summary: expect.stringContaining("is not the pull request's own"),
    })
    await world.pass(3_700_000)
    expect(await world.states(pull)).toEqual({ a: 'refused' })
    expect(world.store.grantRows()).toEqual([])
  })

  test.each<readonly [string, (world: AccessWorld) => Promise<unknown>]>([
    ['merged without approval', (world) => world.merge(world.request('a'), 'carol')],
    ['pushed', async (world) => world.push('main', { [filePath('a')]: requestFile('a') }, 'carol')],
  ])('a path that was refused, %s, is used up, though the branch was rewritten since', async (_, bring) => {
    const world = accessWorld()
    const start = world.git.tip('main')
    await bring(world)
    await world.settle()
    world.move('main', start, 'carol')
    await world.settle()
    world.push('again', { [filePath('a')]: requestFile('a') }, 'alice', start)
    const again = world.open('again', 'alice')
    await world.settle()
    world.review(again, 'bob')
    await world.settle()
    await world.merge(again, 'alice')
    await world.settle()
    expect(await world.states(again)).toEqual({ a: 'refused' })
    expect(world.store.grantRows()).toEqual([])
  })

  test('a path that was refused in another branch is free', async () => {
    const world = accessWorld()
    world.push('side', { 'side.md': 'x' }, 'carol')
    const head = world.push('a', { [filePath('a')]: requestFile('a') }, 'alice')
    const aside = world.open('a', 'alice', { base: 'side' })
    await world.settle()
    await world.merge(aside, 'carol')
    await world.settle()
    expect(await world.states(aside)).toEqual({ a: 'refused' })
    world.move('again', head, 'alice')
    const again = world.open('again', 'alice')
    world.review(again, 'bob')
    await world.settle()
    await world.merge(again, 'alice')
    await world.settle()
    expect(await world.states(again)).toEqual({ a: 'active' })
  })

  test('what was refused of two pull requests with one head takes nothing from the other (6.06b)', async () => {
    const world = accessWorld()
    const head = world.push('x', { [filePath('a')]: requestFile('a') }, 'alice')
    world.move('y', head, 'alice')
    const [first, second] = [world.open('x', 'alice'), world.open('y', 'alice')]
    world.review(first, 'bob')
    await world.settle()
    await world.merge(second, 'carol')
    await world.deliver()
    await world.lookAtPull(second)
    expect(await world.states(second)).toEqual({ a: 'refused' })
    await world.settle()
    expect(await world.states(first)).toEqual({ a: 'active' })
  })

  test('two pull requests with the same file, both approved, grant once', async () => {
    const world = accessWorld()
    world.push('x', { [filePath('a')]: requestFile('a') }, 'alice')
    world.push('y', { [filePath('a')]: requestFile('a') }, 'alice', world.git.tip('main'))
    const [first, second] = [world.open('x', 'alice'), world.open('y', 'alice')]
    await world.settle()
    for (const pull of [first, second]) world.review(pull, 'bob')
    await world.settle()
    await world.merge(first, 'alice')
    await world.merge(second, 'alice')
    await world.settle()
    expect(await world.states(first)).toEqual({ a: 'active' })
    expect(await world.states(second)).toEqual({ a: 'refused' })
  })

  test('two pull requests with one head, merged by one click, grant once (6.06b)', async () => {
    const world = accessWorld()
    const head = world.push('x', { [filePath('a')]: requestFile('a') }, 'alice')
    world.move('y', head, 'alice')
    const [first, second] = [world.open('x', 'alice'), world.open('y', 'alice')]
    await world.settle()
    for (const pull of [first, second]) world.review(pull, 'bob')
    await world.settle()
    await world.merge(first, 'alice')
    await world.settle()
    const states = [(await world.states(first)).a, (await world.states(second)).a]
    expect(states.toSorted()).toEqual(['active', 'refused'])
  })

  /** Two pull requests with one head, both approved and merged by one click; the first is looked at. */
  const twins = async () => {
    const world = accessWorld()
    const first = world.request('x', ['a'])
    await world.settle()
    world.move('y', world.git.tip('x'), 'alice')
    const second = world.open('y', 'alice')
    await world.settle()
    for (const pull of [first, second]) world.review(pull, 'bob')
    await world.settle()
    await world.merge(first, 'carol')
    await world.deliver()
    return { world, first, second }
  }
  /** Somebody writes another path into a row, or another pull request. */
  const hide = (world: AccessWorld, pull: number): void => {
    const { requestsOfPath } = world.store
    world.store.requestsOfPath = async (...at) =>
      (await requestsOfPath(...at)).filter((row) => row.pull !== pull)
  }
  const intended = (world: AccessWorld) =>
    world.ledger.events().filter(({ type }) => type === 'grant.intended')

  test.each(['active', 'ended'])('one whose row is hidden counts for the other: %s', async (state) => {
    const { world, first, second } = await twins()
    await world.lookAtPull(first)
    if (state === 'ended') world.comment(first, 'alice', '/gitsudo revoke')
    await world.deliver()
    await world.lookAtPull(first)
    const taken = world.queue.take()
    for (const one of taken) if (one.queue === 'grant') await world.look(one)
    expect(await world.states(first)).toEqual({ a: state })
    hide(world, first)
    await world.queue.wake(taken)
    await world.settle()
    expect(await world.states(second)).toEqual({ a: 'refused' })
    expect(intended(world)).toHaveLength(1)
  })

  test('one whose row is hidden counts for the other while it waits for its seal', async () => {
    const { world, first, second } = await twins()
    const { seal } = world.ledger
    world.ledger.seal = () => undefined
    world.ledger.down = true
    await expect(world.lookAtPull(first)).rejects.toThrow('was not sealed in time')
    hide(world, first)
    await expect(world.lookAtPull(second)).rejects.toThrow('was not sealed in time')
    Object.assign(world.ledger, { seal, down: false })
    await world.settle()
    expect(await world.states(second)).toEqual({ a: 'refused' })
    expect(intended(world)).toHaveLength(1)
  })

  test.each(['merge', 'squash', 'rebase'] as const)('several commits, merged by %s', async (how) => {
    const world = accessWorld()
    world.push('a', { [filePath('a')]: requestFile('a') }, 'alice')
    world.push('a', { [filePath('b')]: requestFile('b') }, 'alice')
    const pull = world.open('a', 'alice')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    await world.merge(pull, 'alice', how)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'active', b: 'active' })
  })

  test('several commits pushed to the branch by hand are judged as a whole, whoever looks first', async () => {
    const world = accessWorld()
    world.push('a', { 'other.md': 'x' }, 'alice')
    world.push('a', { [filePath('a')]: requestFile('a') }, 'alice')
    const pull = world.open('a', 'alice')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    world.pushHead(pull, 'carol')
    await world.deliver()
    await world.lookAtBranch()
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'refused' })
  })
})
