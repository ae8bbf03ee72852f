import { describe, expect, test } from 'vitest'
import { catchUp, type Passed } from '../../app/reconcile/catch-up.ts'
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

/** Time goes by as the service lets it: what is due is woken, and every five minutes it catches up. */
const passing = (world: AccessWorld) => {
  let passed: Passed | undefined
  return async (minutes: number) => {
    for (let gone = 0; gone < minutes; gone += 5) {
      await world.pass(5 * minute)
      passed = await catchUp(world.deps, passed)
      await world.settle()
    }
  }
}

/** A pull request, merged or not, whose verdict cannot be had from now on. */
const inTrouble = async (merged: boolean) => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  world.meet(away)
  if (merged) await world.merge(pull, 'carol')
  await world.settle()
  await world.lookAtPull(pull)
  return { world, pull, pass: passing(world) }
}

test.each([
  ['a forecast', false],
  ['the verdict at the merge', true],
])('%s that cannot be had for half an hour is alerted, once (trust.md 3.12)', async (_, merged) => {
  const { world, pass } = await inTrouble(merged)
  const since = new Date(world.clock.now()).toISOString()
  await pass(25)
  expect(lasting(world)).toEqual([])
  await pass(5)
  const told = {
    queue: 'pull-request',
    key: expect.stringMatching(/:1$/),
    since,
    why: 'GitHub: no answer',
  }
  expect(lasting(world).map(({ fields }) => fields)).toEqual([told])
  await pass(20)
  expect(lasting(world)).toHaveLength(1)
})

test('what has lasted is looked at less often', async () => {
  const { world, pull, pass } = await inTrouble(true)
  const next = async () => ((await world.store.pull(repositoryId, pull))?.lookAt ?? 0) - world.clock.now()
  await world.lookAtPull(pull)
  expect(await next()).toBe(15_000)
  await pass(35)
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
  const { world, pull, pass } = await inTrouble(false)
  await pass(20)
  world.meet(() => undefined)
  await world.lookAtPull(pull)
  world.meet(away)
  await world.lookAtPull(pull)
  await pass(25)
  expect(lasting(world)).toEqual([])
  await pass(5)
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

/** One whose policies come to no answer while it is `sick`. */
const ofPolicies = async () => {
  const world = accessWorld()
  const { policies } = world.deps
  let sick = false
  const outcome = { kind: 'trouble', why: 'it did not finish within 250 ms' } as const
  world.deps.policies = {
    ...policies,
    get: async (id, commit) => {
      const set = await policies.get(id, commit)
      const ask: typeof set.ask = async (...question) => {
        const said = await set.ask(...question)
        return sick ? { ...said, eligibility: said.eligibility.map((one) => ({ ...one, outcome })) } : said
      }
      return { ...set, ask }
    },
  }
  const pull = world.request('a')
  await world.settle()
  const pass = passing(world)
  // Long after it was opened, and just after catch-up has looked at whatever is open.
  await pass(70)
  return {
    world,
    pull,
    pass,
    makeSick: async () => {
      sick = true
      await world.lookAtPull(pull)
    },
    heal: () => {
      sick = false
    },
  }
}

/** One whose approval GitHub lists, and never told of. */
const ofPayload = async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  const pass = passing(world)
  await pass(70)
  world.review(pull, 'carol', 'COMMENTED')
  await world.settle()
  world.review(pull, 'bob')
  const lost = world.sent.splice(0)
  await world.lookAtPull(pull)
  return { world, pull, pass, lost }
}

const verdict = async (world: AccessWorld, pull: number) =>
  (await world.store.pull(repositoryId, pull))?.decision.verdict

describe('a forecast that was made, and lacks', () => {
  test('what a policy says for one moment, is made again within a minute', async () => {
    const { world, pull, makeSick, heal } = await ofPolicies()
    await makeSick()
    expect(await verdict(world, pull)).toBe('not_yet')
    heal()
    await world.pass(minute)
    expect(await verdict(world, pull)).toBe('action_required')
  })

  test('what a policy says for half an hour, is alerted by then, and looked at rarely', async () => {
    const { world, pull, pass, makeSick, heal } = await ofPolicies()
    await makeSick()
    await pass(25)
    expect(lasting(world)).toEqual([])
    await pass(10)
    expect(lasting(world)).toHaveLength(1)
    let looks = 0
    world.meet((call) => {
      if (call === 'pull') looks += 1
    })
    await pass(24 * 60)
    expect(looks).toBeGreaterThan(20)
    expect(looks).toBeLessThan(30)
    heal()
    await pass(60)
    expect(await verdict(world, pull)).toBe('action_required')
    expect(lasting(world)).toHaveLength(1)
  })

  test('a review’s payload, is alerted as well, and ends with the payload', async () => {
    const { world, pull, pass, lost } = await ofPayload()
    expect(await verdict(world, pull)).toBe('not_yet')
    await pass(25)
    expect(lasting(world)).toEqual([])
    await pass(10)
    expect(lasting(world)).toHaveLength(1)
    world.sent.push(...lost)
    await world.settle()
    expect(await verdict(world, pull)).toBe('passed')
  })

  test('something else than what a person was told of, is made again', async () => {
    const { world, pull, pass, makeSick, heal } = await ofPolicies()
    world.meet(away)
    await world.lookAtPull(pull)
    await pass(35)
    expect(lasting(world)).toHaveLength(1)
    world.meet(() => undefined)
    await makeSick()
    expect(await verdict(world, pull)).toBe('not_yet')
    heal()
    await world.pass(5 * minute)
    expect(await verdict(world, pull)).toBe('action_required')
  })

  test('nothing, is not looked at again', async () => {
    const { world, pull, pass } = await ofPolicies()
    world.review(pull, 'bob')
    await world.settle()
    const calls: string[] = []
    world.meet((call) => {
      calls.push(call)
    })
    await world.pass(30 * minute)
    expect(calls).toEqual([])
    await pass(15)
    expect(await verdict(world, pull)).toBe('passed')
  })
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
