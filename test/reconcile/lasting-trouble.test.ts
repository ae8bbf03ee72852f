import { expect, test } from 'vitest'
import { GitHubError } from '../../app/reconcile/ports/github.ts'
import { PolicyTrialError } from '../../app/reconcile/ports/policy-trial.ts'
import { type AccessWorld, accessWorld } from '../support/memory/access-world.ts'
import { repositoryId } from '../support/memory/hub.ts'
import { policyWorld } from './policy-change/world.ts'

const minute = 60_000
const away = (call: string) => {
  if (call === 'pull' || call === 'reviews') throw new GitHubError('unavailable', 'no answer')
}
const lasting = (world: Pick<AccessWorld, 'deps'>) =>
  world.deps.log.lines.filter(({ level, message }) => level === 'alert' && message === 'trouble.lasts')

/** A pull request, merged or not, whose verdict cannot be had from now on. */
const inTrouble = async (merged: boolean) => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  world.meet(away)
  if (merged) await world.merge(pull, 'carol')
  await world.settle()
  await world.lookAtPull(pull)
  /** As catch-up has it looked at. */
  const looks = async (minutes: number) => {
    for (let gone = 0; gone < minutes; gone += 5) {
      await world.pass(5 * minute)
      await world.lookAtPull(pull)
    }
  }
  return { world, pull, looks }
}

test.each([
  ['a forecast', false],
  ['the verdict at the merge', true],
])('%s that cannot be had for half an hour is alerted, once (trust.md 3.12)', async (_, merged) => {
  const { world, looks } = await inTrouble(merged)
  const since = new Date(world.clock.now()).toISOString()
  await looks(25)
  expect(lasting(world)).toEqual([])
  await looks(5)
  const told = {
    queue: 'pull-request',
    key: expect.stringMatching(/:1$/),
    since,
    why: 'GitHub: no answer',
  }
  expect(lasting(world).map(({ fields }) => fields)).toEqual([told])
  await looks(20)
  expect(lasting(world)).toHaveLength(1)
})

test('what has lasted is looked at less often', async () => {
  const { world, pull, looks } = await inTrouble(true)
  const next = async () => ((await world.store.pull(repositoryId, pull))?.lookAt ?? 0) - world.clock.now()
  await world.lookAtPull(pull)
  expect(await next()).toBe(15_000)
  await looks(35)
  expect(await next()).toBe(5 * minute)
})

test('and shown no more often than it is looked at', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  const calls: string[] = []
  world.meet((call) => {
    calls.push(call)
    throw new GitHubError('unavailable', 'no answer')
  })
  await world.lookAtPull(pull)
  await world.pass(120 * minute)
  const times = (call: string) => calls.filter((one) => one === call).length
  expect(times('pull')).toBeGreaterThan(100)
  expect(times('updateCheck')).toBeLessThanOrEqual(times('pull'))
})

test('what gave way in between begins anew', async () => {
  const { world, pull, looks } = await inTrouble(false)
  await looks(20)
  world.meet(() => undefined)
  await world.lookAtPull(pull)
  world.meet(away)
  await world.lookAtPull(pull)
  await looks(25)
  expect(lasting(world)).toEqual([])
  await looks(5)
  expect(lasting(world)).toHaveLength(1)
})

test('so is a forecast that lacks a fact: what a trial of policies finds', async () => {
  const world = policyWorld({
    trial: () => Promise.reject(new PolicyTrialError('timeout', 'it took too long')),
  })
  world.propose('two')
  await world.settle()
  await world.pass(29 * minute)
  expect(lasting(world)).toEqual([])
  await world.pass(10 * minute)
  expect(lasting(world)).toHaveLength(1)
})

test('a pull request that GitHub never showed, and a branch that cannot be read', async () => {
  const world = accessWorld()
  world.meet((call) => {
    if (call === 'pull') throw new GitHubError('not_found', 'there is no pull request 7')
  })
  world.git.away(true)
  const looks = async () => {
    await expect(world.lookAtPull(7)).rejects.toThrow('there is no pull request 7')
    await expect(world.lookAtBranch()).rejects.toThrow()
  }
  await looks()
  world.clock.set(world.clock.now() + 31 * minute)
  await looks()
  await looks()
  expect(lasting(world).map(({ fields }) => fields.queue)).toEqual(['pull-request', 'branch'])
})

test('a branch that a fault of ours keeps from being followed is alerted as well', async () => {
  const world = accessWorld()
  const fault = new RangeError('not an exact number')
  world.deps.store = { ...world.deps.store, branch: () => Promise.reject(fault) }
  for (let look = 0; look < 7; look++) {
    await expect(world.lookAtBranch()).rejects.toBe(fault)
    world.clock.set(world.clock.now() + 5 * minute)
  }
  expect(lasting(world).map(({ fields }) => fields)).toMatchObject([{ queue: 'branch' }])
})
