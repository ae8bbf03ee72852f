// Set back and set forward again between two looks: the branch shows nothing of it, the signed pushes do (trust.md 3.4).
import { expect, test } from 'vitest'
import { accessWorld, filePath, requestFile } from '../support/memory/access-world.ts'
import { approved } from './pull-request/approved.ts'

const carol = { name: 'carol', email: 'carol@example.com' }
const granted = async (world = accessWorld()) => {
  const before = world.git.tip('main')
  const pull = await approved(world)
  await world.merge(pull, 'alice')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'active' })
  return { world, pull, before, merged: world.git.tip('main') }
}

test('the file was missing meanwhile', async () => {
  const { world, pull, before, merged } = await granted()
  world.move('main', before, 'carol')
  world.move('main', merged, 'carol')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'ended' })
})

test('the file had other bytes meanwhile, on a line of its own', async () => {
  const { world, pull, merged } = await granted()
  const other = world.git.commit([merged], { [filePath('a')]: 'else' }, carol)
  world.move('main', other, 'carol')
  const back = world.git.commit([merged, other], {}, carol)
  world.move('main', back, 'carol')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'ended' })
})

test('the branch was deleted meanwhile', async () => {
  const { world, pull, merged } = await granted()
  world.move('main', '0'.repeat(40), 'carol')
  world.move('main', merged, 'carol')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'ended' })
})

test('before its verdict was made', async () => {
  const world = accessWorld()
  const before = world.git.tip('main')
  const pull = await approved(world)
  await world.merge(pull, 'alice')
  const merged = world.git.tip('main')
  world.move('main', before, 'carol')
  world.move('main', merged, 'carol')
  await world.deliver()
  world.queue.take()
  await world.lookAtBranch()
  await world.lookAtPull(pull)
  await world.settle()
  await world.lookAtBranch()
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'ended' })
})

test('a commit that nobody has any more takes nothing: what it held is not known', async () => {
  const { world, pull, before, merged } = await granted()
  const lost = world.git.commit([before], {}, carol)
  world.move('main', lost, 'carol')
  world.move('main', merged, 'carol')
  world.git.forget(lost)
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'active' })
})

test('a line with the same bytes takes nothing, nor does what was before the merge', async () => {
  const world = accessWorld()
  const start = world.git.tip('main')
  world.push('main', { 'README.md': 'one' }, 'carol')
  world.move('main', start, 'carol')
  const { pull, merged } = await granted(world)
  const other = world.git.commit([], { [filePath('a')]: requestFile('a') }, carol)
  world.move('main', other, 'carol')
  world.move('main', merged, 'carol')
  await world.settle()
  await world.lookAtBranch()
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'active' })
})
