import { describe, expect, test } from 'vitest'
import { accessWorld, filePath, requestFile } from '../../support/memory/access-world.ts'
import { alice, approved } from './approved.ts'

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
})
