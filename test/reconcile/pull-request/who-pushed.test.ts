import { describe, expect, test } from 'vitest'
import { type AccessWorld, accessWorld, filePath, requestFile } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { alice, approved, away, minute } from './approved.ts'

/** Bob pushes other bytes onto an open request, and then what it was: every push that is told of leads on from one told. */
const toAndFro = (world: AccessWorld): void => {
  const first = world.git.tip('a')
  world.move('a', world.git.commit([first], { [filePath('a')]: requestFile('changed') }, alice), 'bob')
  world.move('a', first, 'bob')
}

const checkOf = (world: AccessWorld) => [...world.checks.values()].at(-1)

describe('who pushed (trust.md 2.7)', () => {
  test('a push whose delivery was lost between others is found', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    const commit = world.git.commit([world.git.tip('a')], { [filePath('a')]: requestFile('changed') }, alice)
    world.move('a', commit, 'bob')
    world.sent.length = 0
    world.push('a', { [filePath('a')]: requestFile('changed again') }, 'alice')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
  })

  test('a branch that came back to where it was, and whose creation was never told', async () => {
    const world = accessWorld()
    const first = world.push('a', { [filePath('a')]: requestFile('a') }, 'alice')
    world.sent.length = 0
    const second = world.git.commit([first], { [filePath('a')]: requestFile('changed') }, alice)
    world.move('a', second, 'bob')
    world.move('a', first, 'alice')
    const pull = world.open('a', 'alice')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    world.review(pull, 'carol')
    await world.merge(pull, 'alice')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })

  test.each([
    ['the delivery of the branch’s creation, come last, hides nobody who pushed after it', false],
    ['a push to and fro of which one half was lost is found, in whatever order the rest came', true],
  ])('%s', async (_, lost) => {
    const world = accessWorld()
    const first = world.push('a', { [filePath('a')]: requestFile('a') }, 'alice')
    const late = world.sent.splice(0)
    const second = world.git.commit([first], { [filePath('a')]: requestFile('changed') }, alice)
    world.move('a', second, 'bob')
    if (lost) world.sent.length = 0
    world.move('a', first, 'alice')
    const pull = world.open('a', 'alice')
    world.sent.push(...late)
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
  })

  test('who made the branch again, of which only the deletion was told, is found', async () => {
    const world = accessWorld()
    const first = world.push('a', { [filePath('a')]: requestFile('a') }, 'alice')
    world.move('a', '0'.repeat(40), 'alice')
    await world.deliver()
    world.move('a', first, 'bob')
    world.sent.length = 0
    world.clock.advance(1000)
    const pull = world.open('a', 'alice')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    await world.merge(pull, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'refused' })
  })

  test('the approver who deletes the branch after merging has pushed nothing', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.merge(pull, 'bob')
    world.move('a', '0'.repeat(40), 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })

  test('a push and the one that undid it, neither of which was told', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    toAndFro(world)
    world.sent.length = 0
    world.review(pull, 'bob')
    await world.settle()
    expect(checkOf(world)).toMatchObject({ conclusion: 'action_required' })
    expect(checkOf(world)?.summary).toContain('bob pushed in this pull request')
    await world.merge(pull, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'refused' })
  })

  test('to an earlier branch of the name, of which nothing was told: the check says it before anybody merges', async () => {
    const world = accessWorld()
    world.push('a', { [filePath('a')]: requestFile('his') }, 'bob')
    world.move('a', '0'.repeat(40), 'bob')
    world.git.refs.delete('a')
    world.sent.length = 0
    const pull = world.request('a')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    expect(checkOf(world)).toMatchObject({ conclusion: 'action_required' })
    expect(checkOf(world)?.summary).toContain('bob pushed in this pull request')
    world.review(pull, 'carol')
    await world.settle()
    expect(checkOf(world)).toMatchObject({ conclusion: 'success' })
    await world.merge(pull, 'alice')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })

  test('nobody whom GitHub names: the check says before anybody merges that no approval counts', async () => {
    const world = accessWorld()
    world.hub.api.pushers = async () => [undefined]
    const pull = await approved(world)
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    expect(checkOf(world)).toMatchObject({ conclusion: 'action_required' })
    expect(checkOf(world)?.summary).toContain('a push that names nobody')
  })

  test('is asked for a forecast once a minute of one head and its approvals, and of none without', async () => {
    const world = accessWorld()
    let asked = 0
    world.meet((call) => {
      asked += call === 'pushers' ? 1 : 0
    })
    const pull = world.request('a')
    await world.settle()
    expect(asked).toBe(0)
    world.review(pull, 'bob')
    await world.settle()
    await world.lookAtPull(pull)
    expect(asked).toBe(1)
    world.review(pull, 'carol')
    await world.settle()
    expect(asked).toBe(2)
    world.clock.advance(minute)
    await world.lookAtPull(pull)
    expect(asked).toBe(3)
    await world.merge(pull, 'carol')
    await world.settle()
    expect(asked).toBe(4)
  })

  test('both told late: what merges by itself waits for another approval', async () => {
    const world = accessWorld({ merge: 'auto' })
    const pull = world.request('a')
    await world.settle()
    toAndFro(world)
    const late = world.sent.splice(0)
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    world.sent.push(...late)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    world.review(pull, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })

  test.each([
    ['at the merge', 'carol'],
    ['before anybody merges', undefined],
  ] as const)('while GitHub does not say it is not yet, %s', async (_, merger) => {
    const world = accessWorld(merger === undefined ? { merge: 'auto' } : {})
    const pull = world.request('a')
    await world.settle()
    world.meet((call) => (call === 'pushers' ? away() : undefined))
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    expect(checkOf(world)?.conclusion).not.toBe('success')
    if (merger !== undefined) await world.merge(pull, merger)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    expect((await world.store.pull(repositoryId, pull))?.decision.verdict).toBe('not_yet')
    world.meet(() => undefined)
    await world.pass(minute)
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })
})
