import { describe, expect, test } from 'vitest'
import { policyLedger } from '../../../app/reconcile/policies.ts'
import { policyDrift } from '../../../app/reconcile/policy-change/drift.ts'
import { filePath, fine, requestFile } from '../../support/memory/access-world.ts'
import { createCrashes } from '../../support/memory/crash.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { rulesPath, rulesText } from '../model/rules.ts'
import { minute, policyWorld } from './world.ts'

describe('a change of policies', () => {
  test('approved by a policy owner, merged, sealed as accepted, then loaded', async () => {
    const world = policyWorld()
    const before = await world.accepted()
    const pull = world.propose('auto')
    await world.settle()
    expect(world.check(pull)).toMatchObject({ conclusion: 'action_required' })
    expect(world.check(pull)?.summary).toContain('1 of policy owners: carol')
    expect(world.writes.find(({ call }) => call === 'askReviewers')).toMatchObject({ body: 'carol' })
    world.review(pull, 'carol')
    await world.settle()
    expect(world.check(pull)).toMatchObject({ conclusion: 'success' })
    expect(await world.accepted()).toBe(before)
    const commit = await world.land(pull)
    expect(await world.accepted()).toBe(commit)
    expect(world.policyEvents()).toEqual(['policy.loaded', 'policy.accepted', 'policy.loaded'])
    expect(world.comment(pull)).toContain('**accepted**')
    expect(world.alerts()).toEqual([])
    world.clock.advance(1000)
    const request = world.request('a')
    await world.settle()
    expect(await world.states(request)).toEqual({ a: 'approved' })
  })

  test('merged past the check: not accepted, said once, on the pull request too', async () => {
    const world = policyWorld()
    const before = await world.accepted()
    const pull = world.propose('auto')
    await world.settle()
    await world.land(pull)
    await world.lookAtBranch()
    await world.lookAtPull(pull)
    await world.settle()
    expect(await world.accepted()).toBe(before)
    expect(world.policyEvents()).toEqual(['policy.loaded', 'policy.refused'])
    expect(world.alerts()).toEqual(['policy.not_accepted'])
    expect(world.comment(pull)).toContain('**not accepted**')
    expect(world.comment(pull)).toContain('policy owners had to give')
    expect(await policyDrift(world.deps, world.repository())).toEqual([
      expect.stringMatching(/^main holds policies that are not accepted .*pull request 1: .*stay in force$/),
    ])
    await world.change('usual', 'back')
    expect(await policyDrift(world.deps, world.repository())).toEqual([])
  })

  test('accepted while a merge is being decided: the merge is decided by it (trust.md 1.5)', async () => {
    const world = policyWorld()
    const pull = world.request('a')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    const before = await world.accepted()
    const commit = world.push('main', { [rulesPath]: rulesText('denied') }, 'carol')
    await world.merge(pull, 'alice')
    let once = true
    world.meet((call) => {
      if (call !== 'reviews' || !once) return
      once = false
      world.ledger.insert(
        world.deps.keys.sign({
          v: 1,
          type: 'policy.accepted',
          at: new Date(world.clock.now()).toISOString(),
          actor: { kind: 'app', id: 'gitsudo' },
          repo: repositoryId,
          commit,
          data: { previous: before },
        }),
      )
    })
    await world.settle()
    await world.pass(minute)
    expect(once).toBe(false)
    expect(await world.states(pull)).toEqual({ a: 'refused' })
    expect((await world.decision(pull))?.policyCommit).toBe(commit)
  })

  test('behind the branch in policies/: update first', async () => {
    const world = policyWorld()
    const late = world.propose('none', 'late')
    await world.settle()
    world.review(late, 'carol')
    await world.settle()
    await world.change('two')
    await world.settle()
    expect(world.check(late)).toMatchObject({ conclusion: 'failure' })
    expect(world.check(late)?.summary).toContain('update first')
    const before = await world.accepted()
    await world.land(late)
    expect(await world.accepted()).toBe(before)
  })

  test('a merge that holds other policies than were reviewed is not accepted', async () => {
    const world = policyWorld()
    const before = await world.accepted()
    const pull = world.propose('two')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    await world.merge(pull, 'bob', 'merge', { 'policies/more.json': '1' })
    await world.settle()
    expect(await world.accepted()).toBe(before)
    expect(world.comment(pull)).toContain('is not what was reviewed')
  })

  test('policies beside a request: neither is taken', async () => {
    const world = policyWorld()
    const before = await world.accepted()
    world.push('both', { [rulesPath]: rulesText('auto'), [filePath('a')]: requestFile('a') }, 'alice')
    const pull = world.open('both', 'alice')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    await world.land(pull)
    expect(await world.accepted()).toBe(before)
    expect(await world.states(pull)).toEqual({ a: 'refused' })
    expect(world.alerts()).toContain('policy.not_accepted')
  })

  test('policies of a fork are not even tried', async () => {
    let tried = 0
    const world = policyWorld({
      trial: async () => {
        tried += 1
        return fine
      },
    })
    world.push('theirs', { [rulesPath]: rulesText('auto') }, 'alice')
    const pull = world.open('theirs', 'alice', { fork: true })
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    expect(world.check(pull)?.conclusion).toBe('failure')
    expect(tried).toBe(0)
  })

  test('whoever finds it accepted and not loaded loads it', async () => {
    const crashes = createCrashes()
    const world = policyWorld({
      around: (port) =>
        'recordPolicies' in port ? crashes.around(port, ['recordPolicies'] as never[]) : port,
    })
    const pull = world.propose('two')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    const commit = await world.merge(pull, 'bob')
    await world.deliver()
    world.queue.take()
    crashes.plan(0, false)
    await expect(world.lookAtPull(pull)).rejects.toThrow('killed')
    crashes.clear()
    expect(await world.accepted()).toBe(commit)
    expect((await policyLedger(world.deps, world.repository())).lastLoaded).not.toBe(commit)
    await world.lookAtPull(pull)
    expect((await policyLedger(world.deps, world.repository())).lastLoaded).toBe(commit)
  })

  test.each([
    ['many', 300, 'f', 100],
    ['long', 20, 'f'.repeat(1000), 9],
  ])('of %s files, the event names the first of them and counts the rest', async (_, files, name, named) => {
    const world = policyWorld()
    const paths = Array.from({ length: files }, (_, n) => `policies/${String(n).padStart(3, '0')}-${name}`)
    world.push('p', Object.fromEntries(paths.map((path) => [path, path])), 'alice')
    const pull = world.open('p', 'alice')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    await world.land(pull)
    const said = world.ledger.events().find(({ type }) => type === 'policy.accepted')?.data
    expect(said).toMatchObject({ changed: paths.slice(0, named), changed_left_out: files - named })
  })
})
