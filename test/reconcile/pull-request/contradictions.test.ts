import { describe, expect, test } from 'vitest'
import { accessWorld } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { people } from '../../support/memory/hub-people.ts'
import { approved, minute } from './approved.ts'

describe('what GitHub says twice, and not alike', () => {
  test('a permission of whoever took the login since the reviews were listed is nobody’s answer', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    world.review(pull, 'bob')
    await world.merge(pull, 'alice')
    world.hub.meet((call) => {
      if (call !== 'permission') return
      world.hub.meet(() => undefined)
      world.hub.reuse('bob')
    })
    await world.deliver()
    world.queue.take()
    await world.lookAtPull(pull)
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    const said = (await world.store.pull(repositoryId, pull))?.decision
    expect(said).toMatchObject({ verdict: 'not_yet', summary: expect.stringContaining('names account 2002') })
    // Asked again, GitHub lists the reviewer under the login of now.
    await world.pass(minute)
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })

  test('a review that GitHub lists as another’s than its signed payload did does not count', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    world.review(pull, 'mallory')
    for (const [index, review] of world.hub.reviews.entries())
      world.hub.reviews[index] = { ...review, reviewer: people.bob }
    await world.merge(pull, 'alice')
    await world.settle()
    expect(await world.states(pull)).not.toEqual({ a: 'active' })
    const said = (await world.store.pull(repositoryId, pull))?.decision
    expect(said).toMatchObject({
      verdict: 'not_yet',
      summary: expect.stringContaining('says something else'),
    })
  })

  test('reviews from before a reopening stay void, whatever the database has forgotten of it', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    world.close(pull, 'alice')
    await world.settle()
    world.clock.advance(minute)
    world.reopen(pull, 'alice')
    await world.settle()
    const [row] = await world.store.requestsOfPull(repositoryId, pull)
    if (row === undefined) throw new Error('no request')
    const { reviewsFrom: _, ...forgotten } = row
    world.store.tamperRequest(forgotten)
    world.store.loseDeliveries(pull, 'pull_request')
    await world.merge(pull, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'refused' })
  })
})
