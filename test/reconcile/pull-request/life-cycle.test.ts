import { expect, test } from 'vitest'
import { accessWorld } from '../../support/memory/access-world.ts'
import { approved, calls, minute } from './approved.ts'

test('a request approved, merged, active and ended, with six writes', async () => {
  const world = accessWorld()
  const pull = await approved(world)
  expect(await world.states(pull)).toEqual({ a: 'approved' })
  await world.merge(pull, 'alice')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'active' })
  await world.pass(3 * 60 * minute)
  expect(await world.states(pull)).toEqual({ a: 'ended' })
  expect(calls(world)).toEqual([
    'createCheck',
    'askReviewers',
    'createComment',
    'updateCheck',
    'editComment',
    'editComment',
  ])
  expect(world.typesOf('a')).toEqual([
    'request.created',
    'request.evaluated',
    'request.evaluated',
    'request.approved',
    'request.evaluated',
    'grant.intended',
  ])
  const intended = world.ledger.events().find(({ type }) => type === 'grant.intended')
  expect(intended?.data.configured).toEqual({ place: 'here' })
})

test('after the verdict a look asks GitHub nothing', async () => {
  const world = accessWorld()
  const pull = await approved(world)
  await world.merge(pull, 'alice')
  await world.settle()
  const asked: string[] = []
  world.meet((call) => void asked.push(call))
  await world.lookAtPull(pull)
  expect(asked).toEqual([])
})

test('an approval that only the merge saw is recorded as one', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  world.review(pull, 'bob')
  await world.merge(pull, 'alice')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'active' })
  expect(world.typesOf('a')).toContain('request.approved')
})

test('a request that only the merge saw is recorded with all it asks for', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.merge(pull, 'carol')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'refused' })
  const created = world.ledger.events().find(({ type }) => type === 'request.created')
  expect(created?.data).toMatchObject({ requester: 'alice', provider: 'mock', role: 'reader', scope: 'one' })
})
