import { describe, expect, test } from 'vitest'
import { rulesPath, rulesText } from '../model/rules.ts'
import { policyWorld } from './world.ts'

describe('an approval of a change of policies', () => {
  test.each<[string, (world: ReturnType<typeof policyWorld>, pull: number) => void]>([
    ['of other bytes', (world) => world.push('two', { [rulesPath]: rulesText('auto') }, 'alice')],
    ['of who pushed', (world) => world.push('two', { 'README.md': 'more' }, 'carol')],
    ['of somebody who is no owner', () => undefined],
    [
      'that was dismissed',
      (world, pull) => world.dismiss(world.reviews.find((one) => one.pull === pull)?.id ?? 0),
    ],
    ['that was taken back', (world, pull) => void world.review(pull, 'carol', 'CHANGES_REQUESTED')],
  ])('an approval %s does not count', async (what, happens) => {
    const world = policyWorld()
    const before = await world.accepted()
    const pull = world.propose('two')
    await world.settle()
    world.review(pull, what.includes('no owner') ? 'bob' : 'carol')
    await world.settle()
    world.clock.advance(1000)
    happens(world, pull)
    await world.settle()
    expect(world.check(pull)?.conclusion).not.toBe('success')
    await world.land(pull)
    expect(await world.accepted()).toBe(before)
  })

  test('of who pushed and undid it, neither of which was told, does not count', async () => {
    const world = policyWorld()
    const before = await world.accepted()
    const pull = world.propose('two')
    await world.settle()
    const head = world.git.tip('two')
    world.push('two', { [rulesPath]: rulesText('auto') }, 'carol')
    world.move('two', head, 'carol')
    world.sent.length = 0
    world.review(pull, 'carol')
    await world.settle()
    expect(world.check(pull)?.conclusion).not.toBe('success')
    await world.land(pull)
    expect(await world.accepted()).toBe(before)
    expect(world.policyEvents()).toContain('policy.refused')
  })

  test('an owner cannot accept a change of their own', async () => {
    const world = policyWorld()
    const pull = world.propose('auto', 'mine', 'carol')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    expect(world.check(pull)?.conclusion).toBe('action_required')
    expect(world.check(pull)?.summary).toContain('only 0 of policy owners may approve this')
  })

  test('opening it again voids the approval, though nobody was told of that', async () => {
    const world = policyWorld()
    const pull = world.propose('two')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    world.clock.advance(1000)
    world.close(pull, 'alice')
    await world.settle()
    world.clock.advance(1000)
    world.reopen(pull, 'alice')
    world.sent.length = 0
    for (let looks = 0; looks < 3; looks++) {
      await world.lookAtPull(pull)
      await world.settle()
      world.clock.advance(1000)
    }
    expect(world.check(pull)?.conclusion).toBe('action_required')
  })

  test('an approval survives a push that leaves policies/ alone', async () => {
    const world = policyWorld()
    const pull = world.propose('two')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    world.push('two', { 'README.md': 'more' }, 'alice')
    await world.settle()
    expect(world.check(pull)?.conclusion).toBe('success')
  })
})
