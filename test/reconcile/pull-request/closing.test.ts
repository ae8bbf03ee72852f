import { describe, expect, test } from 'vitest'
import { GitHubError } from '../../../app/reconcile/ports/github.ts'
import { accessWorld, filePath } from '../../support/memory/access-world.ts'
import { approved, calls, minute } from './approved.ts'

describe('closing and reopening', () => {
  test('a file that leaves a pull request leaves the approvals of the others', async () => {
    const world = accessWorld()
    const pull = world.request('p', ['a', 'b'])
    await world.settle()
    world.push('p', { [filePath('a')]: undefined }, 'alice')
    await world.settle()
    world.clock.advance(minute)
    world.review(pull, 'bob')
    world.clock.advance(minute)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'cancelled', b: 'approved' })
  })

  test('reopening voids earlier reviews, also where both payloads are lost', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    world.close(pull, 'alice')
    world.sent.length = 0
    await world.lookAtPull(pull)
    expect(await world.states(pull)).toEqual({ a: 'cancelled' })
    world.clock.advance(minute)
    world.reopen(pull, 'alice')
    world.sent.length = 0
    await world.lookAtPull(pull)
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    world.clock.advance(minute)
    await world.lookAtPull(pull)
    expect(await world.states(pull)).toEqual({ a: 'pending' })
  })

  test('a closed pull request is asked nothing and never merged', async () => {
    const world = accessWorld({ merge: 'auto' })
    world.meet((call) => {
      if (call === 'merge') throw new GitHubError('not_mergeable', 'another check is missing')
    })
    const pull = await approved(world)
    world.close(pull, 'alice')
    await world.settle()
    world.meet(() => undefined)
    await world.pass(20 * minute)
    expect(calls(world)).not.toContain('merge')
    expect(await world.states(pull)).toEqual({ a: 'cancelled' })
  })

  test('a request dropped just before the merge does not wait for ever', async () => {
    const world = accessWorld()
    const pull = world.request('p', ['a', 'b'])
    await world.settle()
    world.push('p', { [filePath('a')]: undefined }, 'alice')
    world.review(pull, 'bob')
    await world.merge(pull, 'alice')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'cancelled', b: 'active' })
    expect(await world.store.waitingPulls()).toEqual([])
  })
})
