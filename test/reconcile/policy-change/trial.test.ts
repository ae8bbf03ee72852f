import { describe, expect, test } from 'vitest'
import { PolicyTrialError } from '../../../app/reconcile/ports/policy-trial.ts'
import { filePath, fine } from '../../support/memory/access-world.ts'
import { minute, policyWorld } from './world.ts'

describe('the trial', () => {
  test.each([
    [
      {
        ...fine,
        compiles: {
          ok: false,
          faults: [
            { path: 'policies/a.rego', line: 3, code: 'rego_parse_error', message: 'unexpected token' },
          ],
        },
      },
      'failure',
      'rego\\_parse\\_error',
    ],
    [
      { ...fine, tests: { passed: 3, failed: [{ path: 'policies/tests/a_test.rego', name: 'test_a' }] } },
      'failure',
      'test_a',
    ],
    [{ ...fine, locksOut: true }, 'success', 'lock everybody out'],
    [
      {
        ...fine,
        replayed: 2,
        changes: [
          { request: 'req_1', path: filePath('x'), requester: 'alice', before: 'refused', after: 'passes' },
          { request: 'req_2', path: filePath('y'), requester: 'bob', before: 'passes', after: 'refused' },
        ],
      },
      'success',
      'alice gains',
    ],
  ] as const)('%#: what it found decides, or is shown', async (report, conclusion, mention) => {
    const world = policyWorld({ trial: async () => report })
    const before = await world.accepted()
    const pull = world.propose('two')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    expect(world.check(pull)).toMatchObject({ conclusion })
    expect(world.check(pull)?.summary).toContain(mention)
    const commit = await world.land(pull)
    expect(await world.accepted()).toBe(conclusion === 'success' ? commit : before)
  })

  test('without opa it fails and names opa; merged all the same, it is refused once the time is over', async () => {
    const world = policyWorld({
      trial: () => Promise.reject(new PolicyTrialError('no_opa', 'this machine has no opa to compile them')),
    })
    const before = await world.accepted()
    const pull = world.propose('two')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    expect(world.check(pull)).toMatchObject({ conclusion: 'failure' })
    expect(world.check(pull)?.summary).toContain('no opa')
    await world.land(pull)
    expect(world.policyEvents()).not.toContain('policy.refused')
    await world.pass(61 * minute)
    expect(world.policyEvents()).toContain('policy.refused')
    expect(world.comment(pull)).toContain('not established in time')
    expect(await world.accepted()).toBe(before)
  })

  test('trouble is tried again', async () => {
    let tries = 0
    const world = policyWorld({
      trial: async () => {
        tries += 1
        if (tries === 1) throw new PolicyTrialError('timeout', 'it took too long')
        return fine
      },
    })
    const pull = world.propose('two')
    await world.settle()
    expect(world.check(pull)).toMatchObject({ status: 'in_progress' })
    await world.pass(2 * minute)
    expect(world.check(pull)).toMatchObject({ conclusion: 'action_required' })
  })
})
