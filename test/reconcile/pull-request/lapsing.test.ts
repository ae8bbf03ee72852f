import { describe, expect, test } from 'vitest'
import { accessWorld } from '../../support/memory/access-world.ts'
import { approved, away, day, minute } from './approved.ts'

describe('lapsing', () => {
  test('closes, and says so in the one comment, also when GitHub was away at that moment', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    const comments = () => [...world.hub.comments.values()].map(({ body }) => body)
    world.meet((call) => {
      if (call === 'close' || call === 'editComment') away()
    })
    await world.pass(7 * day)
    expect(await world.states(pull)).toEqual({ a: 'lapsed' })
    expect(world.pulls.get(pull)?.state).toBe('open')
    expect(comments()).toEqual([expect.stringContaining('**pending**')])
    world.meet(() => undefined)
    await world.pass(minute)
    expect(world.pulls.get(pull)?.state).toBe('closed')
    expect(comments()).toEqual([expect.stringContaining('has **lapsed**: it was open longer than allowed')])
  })

  test('says so also where trouble stood in the way of every verdict since', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    world.meet((call) => {
      if (call === 'reviews') away()
    })
    world.review(pull, 'bob')
    await world.pass(8 * day)
    expect(await world.states(pull)).toEqual({ a: 'lapsed' })
    expect([...world.hub.comments.values()]).toEqual([
      { pull, body: expect.stringContaining('has **lapsed**') },
    ])
  })

  test('a lapsed request merged after all is refused in the ledger and stays lapsed', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.pass(8 * day)
    world.reopen(pull, 'alice')
    world.sent.length = 0
    world.clock.advance(minute)
    world.review(pull, 'bob')
    await world.merge(pull, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'lapsed' })
    expect(world.typesOf('a')).not.toContain('grant.intended')
    expect(world.typesOf('a')).toContain('grant.refused')
    expect(world.alerts()).toContain('grant.refused')
  })

  test('what the ledger says has lapsed never grants, whatever the row says', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.pass(8 * day)
    for (const row of world.store.requestRows()) world.store.tamperRequest({ ...row, state: 'pending' })
    world.reopen(pull, 'alice')
    world.sent.length = 0
    world.clock.advance(minute)
    world.review(pull, 'bob')
    await world.merge(pull, 'carol')
    await world.settle()
    expect(world.typesOf('a')).not.toContain('grant.intended')
  })

  test('a denied request is not looked at over and over once it is old', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    world.review(pull, 'bob', 'CHANGES_REQUESTED')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'denied' })
    await world.pass(8 * day)
    expect(await world.store.due(world.clock.now(), 10)).toEqual([])
  })
})
