import { expect, test } from 'vitest'
import { accessWorld } from '../../support/memory/access-world.ts'
import { minute } from './approved.ts'

test('a delivery that somebody put into the database is alerted (trust.md 5.3)', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  world.review(pull, 'bob')
  const forged = world.sent.splice(0)[0]
  if (forged === undefined) throw new Error('nothing was sent')
  world.store.forge(forged.delivery)
  await world.lookAtPull(pull)
  expect(await world.states(pull)).toEqual({ a: 'pending' })
  expect(world.alerts()).toContain('delivery.forged')
})

test('a review whose payload was lost is asked for again before the verdict (trust.md 2.1)', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  world.review(pull, 'bob')
  world.lost.push(...world.sent.splice(0))
  await world.merge(pull, 'alice')
  await world.settle()
  await world.pass(minute)
  expect(await world.states(pull)).toEqual({ a: 'active' })
})
