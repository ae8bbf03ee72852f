import { expect, test } from 'vitest'
import { GitHubError } from '../../app/reconcile/ports/github.ts'
import { type AccessWorld, accessWorld } from '../support/memory/access-world.ts'

const minute = 60_000
const last = (world: AccessWorld) => [...world.checks.values()].at(-1)
const merged = async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  world.review(pull, 'bob')
  await world.settle()
  world.meet((call) => {
    if (call === 'reviews') throw new GitHubError('unavailable', 'the reviews cannot be read')
  })
  await world.merge(pull, 'alice')
  await world.settle()
  return { world, pull }
}

test('trouble at the merge is shown by name, and gives way to the verdict (trust.md 3.12)', async () => {
  const { world, pull } = await merged()
  expect(last(world)).toMatchObject({
    status: 'in_progress',
    title: expect.stringContaining('the reviews cannot be read'),
    summary: expect.stringMatching(/^❔ \*\*not yet\*\*: .*the reviews cannot be read/),
  })
  world.meet(() => undefined)
  await world.pass(minute)
  expect(await world.states(pull)).toEqual({ a: 'active' })
  expect(last(world)).toMatchObject({ status: 'completed', conclusion: 'success' })
})

test('and to the refusal, when grantWindow ends', async () => {
  const { world, pull } = await merged()
  await world.pass(61 * minute)
  expect(await world.states(pull)).toEqual({ a: 'refused' })
  expect(last(world)).toMatchObject({ status: 'completed', conclusion: 'failure' })
})

test('on a closed pull request it is nobody’s business', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  world.close(pull, 'alice')
  world.git.away(true)
  await world.settle()
  world.git.away(false)
  await world.pass(minute)
  expect(last(world)).toMatchObject({ status: 'completed', conclusion: 'action_required' })
})
