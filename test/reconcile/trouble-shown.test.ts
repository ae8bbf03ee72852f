import { describe, expect, test } from 'vitest'
import { GitHubError } from '../../app/reconcile/ports/github.ts'
import { type AccessWorld, accessWorld } from '../support/memory/access-world.ts'

const minute = 60_000
const last = (world: AccessWorld) => [...world.checks.values()].at(-1)
const away = (what: string) => (call: string) => {
  if (call === what) throw new GitHubError('unavailable', `the ${what} cannot be read`)
}
const merged = async (what = 'reviews') => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  world.review(pull, 'bob')
  await world.settle()
  world.meet(away(what))
  await world.merge(pull, 'alice')
  await world.settle()
  return { world, pull }
}

const notYet = (what: string) => ({
  status: 'in_progress',
  title: expect.stringContaining(`the ${what} cannot be read`),
  summary: expect.stringMatching(new RegExp(`^❔ \\*\\*not yet\\*\\*: .*the ${what} cannot be read`)),
})

describe.each(['reviews', 'pull'])('trouble is shown by name, and gives way to the verdict: %s', (what) => {
  test('at the merge (trust.md 3.12)', async () => {
    const { world, pull } = await merged(what)
    expect(last(world)).toMatchObject(notYet(what))
    world.meet(() => undefined)
    await world.pass(minute)
    expect(await world.states(pull)).toEqual({ a: 'active' })
    expect(last(world)).toMatchObject({ status: 'completed', conclusion: 'success' })
  })

  test('while open, and what passed before does not merge meanwhile', async () => {
    const world = accessWorld({ merge: 'auto' })
    const pull = world.request('a')
    world.review(pull, 'bob')
    world.meet((call) => {
      if (call === 'merge') throw new GitHubError('conflict', 'something moved')
    })
    await world.settle()
    expect(last(world)).toMatchObject({ status: 'completed', conclusion: 'success' })
    world.meet(away(what))
    await world.lookAtPull(pull)
    await world.pass(10 * minute)
    expect(last(world)).toMatchObject(notYet(what))
    expect(await world.states(pull)).toEqual({ a: 'approved' })
    world.meet(() => undefined)
    await world.pass(minute)
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })
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

test('what GitHub does not say of a reopened one voids no review that came since', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  world.close(pull, 'alice')
  await world.settle()
  world.clock.advance(minute)
  world.reopen(pull, 'alice')
  world.meet(away('pull'))
  world.clock.advance(1000)
  await world.lookAtPull(pull)
  world.clock.advance(1000)
  world.review(pull, 'bob')
  world.meet(() => undefined)
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'approved' })
})

test('a limit that every look meets anew keeps nobody from being told, as soon as writes are let through', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  let held = 0
  let looks = 0
  // Whatever meets the limit holds the writes of all.
  world.meet((call) => {
    const now = world.clock.now()
    const waits = (words: string) => new GitHubError('rate_limited', words, { retryAt: held })
    if (call === 'pull') {
      looks += 1
      held = now + minute
      throw waits('GitHub asks to wait')
    }
    if (now < held) throw waits('the write budget is used up')
  })
  await world.lookAtPull(pull)
  await world.settle()
  expect(last(world)?.status).toBe('completed')
  await world.pass(2 * minute)
  expect(last(world)).toMatchObject({ status: 'in_progress', title: 'GitHub: GitHub asks to wait' })
  expect(looks).toBeGreaterThan(1)
})
