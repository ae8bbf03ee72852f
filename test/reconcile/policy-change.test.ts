import { describe, expect, test } from 'vitest'
import { catchUp } from '../../app/reconcile/catch-up.ts'
import { acceptedCommit, policyLedger } from '../../app/reconcile/policies.ts'
import { policyDrift } from '../../app/reconcile/policy-change/drift.ts'
import { PolicyTrialError } from '../../app/reconcile/ports/policy-trial.ts'
import { saysMore } from '../../app/reconcile/pull-request/rows.ts'
import { requestId } from '../../app/request/id.ts'
import { accessWorld, filePath, fine, requestFile } from '../support/memory/access-world.ts'
import { createCrashes } from '../support/memory/crash.ts'
import { type Person, repositoryId } from '../support/memory/hub.ts'
import { loadRules, rulesPath, rulesText, type Variant } from './model/rules.ts'

const minute = 60_000
type Options = Omit<Parameters<typeof accessWorld>[0] & object, 'load' | 'files'>

const policyWorld = (options: Options = {}, first: Variant = 'usual') => {
  const world = accessWorld({ ...options, load: loadRules, files: { [rulesPath]: rulesText(first) } })
  const repository = () => {
    const found = world.deps.settings.repositories.get(repositoryId)
    if (found === undefined) throw new Error('not configured')
    return found
  }
  const merged = new Map<number, string>()
  return Object.assign(world, {
    repository,
    accepted: () => acceptedCommit(world.deps, repository()),
    /** Opens a pull request that changes the rules, by alice. */
    propose(variant: Variant, name: string = variant, by: Person = 'alice'): number {
      world.push(name, { [rulesPath]: rulesText(variant) }, by)
      return world.open(name, by)
    },
    async land(pull: number): Promise<string> {
      const commit = await world.merge(pull, 'bob')
      merged.set(pull, commit)
      await world.settle()
      return commit
    },
    /** A change of the rules as it should be; returns the commit accepted. */
    async change(variant: Variant, name?: string): Promise<string> {
      const pull = this.propose(variant, name)
      await world.settle()
      world.clock.advance(1000)
      world.review(pull, 'carol')
      await world.settle()
      world.clock.advance(1000)
      const commit = await this.land(pull)
      world.clock.advance(2000)
      return commit
    },
    check: (pull: number) =>
      [...world.checks.values()].findLast(({ externalId }) => externalId.endsWith(`:${pull}`)),
    comment: (pull: number) => [...world.comments.values()].find((one) => one.pull === pull)?.body ?? '',
    policyEvents: () =>
      world.ledger
        .events()
        .filter(({ type }) => type.startsWith('policy.'))
        .map(({ type }) => type),
    decision: async (pull: number) => (await world.store.pull(repositoryId, pull))?.decision,
  })
}

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

  test.each(['push', 'force-push'])('a direct %s changes nothing, and alerts once a commit', async (how) => {
    const world = policyWorld()
    const before = await world.accepted()
    await world.lookAtBranch()
    if (how === 'push') world.push('main', { [rulesPath]: rulesText('auto') }, 'carol')
    else {
      const other = world.git.commit(
        [],
        { [rulesPath]: rulesText('auto') },
        { name: 'carol', email: 'carol@example.com' },
      )
      world.move('main', other, 'carol')
    }
    await world.settle()
    await world.lookAtBranch()
    expect(await world.accepted()).toBe(before)
    expect(world.alerts().filter((one) => one === 'policy.not_accepted')).toHaveLength(1)
    world.push('main', { [rulesPath]: rulesText('none') }, 'carol')
    await world.settle()
    expect(world.alerts().filter((one) => one === 'policy.not_accepted')).toHaveLength(2)
    const request = world.request('a')
    await world.settle()
    expect(await world.states(request)).toEqual({ a: 'pending' })
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

  test('what was accepted, put back by hand, alerts nobody', async () => {
    const world = policyWorld()
    await world.lookAtBranch()
    world.push('main', { [rulesPath]: rulesText('auto') }, 'carol')
    await world.settle()
    world.push('main', { [rulesPath]: rulesText('usual') }, 'carol')
    await world.settle()
    expect(world.alerts()).toEqual(['policy.not_accepted'])
  })

  test('what reached the branch by hand is shown to who accepts the next change', async () => {
    const world = policyWorld()
    await world.lookAtBranch()
    world.push('main', { 'policies/by-hand.json': '1' }, 'bob')
    await world.settle()
    const pull = world.propose('two')
    await world.settle()
    expect(world.check(pull)?.summary).toContain('brings more than the diff shows')
    expect(world.check(pull)?.summary).toContain('policies/by-hand.json')
  })

  test.each<[string, (world: ReturnType<typeof policyWorld>, pull: number) => void]>([
    ['of other bytes', (world) => world.push('two', { [rulesPath]: rulesText('auto') }, 'alice')],
    ['of who pushed', (world) => world.push('two', { 'README.md': 'more' }, 'carol')],
    ['of somebody who is no owner', () => undefined],
    [
      'that was dismissed',
      (world, pull) => world.dismiss(world.reviews.find((one) => one.pull === pull)?.id ?? 0),
    ],
    ['that was taken back', (world, pull) => void world.review(pull, 'carol', 'CHANGES_REQUESTED')],
  ])('an approval %s does not count', async (what, happens) => {
    const world = policyWorld()
    const before = await world.accepted()
    const pull = world.propose('two')
    await world.settle()
    world.review(pull, what.includes('no owner') ? 'bob' : 'carol')
    await world.settle()
    world.clock.advance(1000)
    happens(world, pull)
    await world.settle()
    expect(world.check(pull)?.conclusion).not.toBe('success')
    await world.land(pull)
    expect(await world.accepted()).toBe(before)
  })

  test('an owner cannot accept a change of their own', async () => {
    const world = policyWorld()
    const pull = world.propose('auto', 'mine', 'carol')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    expect(world.check(pull)?.conclusion).toBe('action_required')
    expect(world.check(pull)?.summary).toContain('only 0 of policy owners may approve this')
  })

  test('opening it again voids the approval, though nobody was told of that', async () => {
    const world = policyWorld()
    const pull = world.propose('two')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    world.clock.advance(1000)
    world.close(pull, 'alice')
    await world.settle()
    world.clock.advance(1000)
    world.reopen(pull, 'alice')
    world.sent.length = 0
    for (let looks = 0; looks < 3; looks++) {
      await world.lookAtPull(pull)
      await world.settle()
      world.clock.advance(1000)
    }
    expect(world.check(pull)?.conclusion).toBe('action_required')
  })

  test('an approval survives a push that leaves policies/ alone', async () => {
    const world = policyWorld()
    const pull = world.propose('two')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    world.push('two', { 'README.md': 'more' }, 'alice')
    await world.settle()
    expect(world.check(pull)?.conclusion).toBe('success')
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

  test('into another branch it accepts nothing, and nobody is alarmed', async () => {
    const world = policyWorld()
    world.git.refs.set('side', world.git.tip('main'))
    const before = await world.accepted()
    world.push('off', { [rulesPath]: rulesText('auto') }, 'alice')
    const pull = world.open('off', 'alice', { base: 'side' })
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    expect(world.check(pull)?.conclusion).toBe('failure')
    await world.land(pull)
    expect(await world.accepted()).toBe(before)
    expect(world.alerts()).toEqual([])
  })

  test('one that lost every delivery of its merge is found on the branch', async () => {
    const world = policyWorld()
    await world.lookAtBranch()
    const pull = world.propose('two')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    const commit = await world.merge(pull, 'bob')
    world.sent.length = 0
    await world.lookAtBranch()
    await world.settle()
    expect(await world.accepted()).toBe(commit)
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

  test('a branch walked from the start again tells nobody twice', async () => {
    const world = policyWorld()
    await world.lookAtBranch()
    world.push('main', { [rulesPath]: rulesText('auto') }, 'carol')
    await world.settle()
    await world.store.transaction((tx) => world.store.saveBranch(tx, { repository: repositoryId }))
    await world.lookAtBranch()
    await world.settle()
    expect(world.alerts()).toEqual(['policy.not_accepted'])
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
})

describe('order', () => {
  /** Two changes on the branch, the second on top of the first, both approved, and nobody has looked yet. */
  const two = async (options: Options = {}) => {
    const world = policyWorld(options)
    const first = world.propose('two', 'first')
    await world.settle()
    world.review(first, 'carol')
    await world.settle()
    const one = await world.merge(first, 'bob')
    world.push('second', { [rulesPath]: rulesText('pair') }, 'alice', one)
    const second = world.open('second', 'alice')
    world.review(second, 'carol')
    const other = await world.merge(second, 'bob')
    await world.deliver()
    world.queue.take()
    return { world, first, second, one, other }
  }

  test.each([
    ['as merged', false],
    ['backwards', true],
  ])('two merged changes, looked at %s: the newer one is in force', async (_, backwards) => {
    const { world, first, second, other } = await two()
    for (const pull of backwards ? [second, first] : [first, second]) await world.lookAtPull(pull)
    await world.settle()
    await world.lookAtPull(first)
    await world.settle()
    expect(await world.accepted()).toBe(other)
    expect(world.alerts()).toEqual([])
  })

  test('looked at by two replicas at once: the newer one is in force', async () => {
    const { world, first, second, other } = await two()
    await Promise.allSettled([world.lookAtPull(first), world.lookAtPull(second)])
    await world.pass(5 * minute)
    expect(await world.accepted()).toBe(other)
  })

  test('an event that is replayed, unsigned, or of a place that was taken replaces nothing', async () => {
    const world = policyWorld()
    const first = await world.change('two', 'first')
    const second = await world.change('pair', 'second')
    const genuine = world.ledger
      .events()
      .find(({ commit, type }) => type === 'policy.accepted' && commit === first)
    if (genuine === undefined) throw new Error('no event')
    world.ledger.insert(genuine)
    world.ledger.insert({ ...genuine, data: { ...genuine.data, previous: second } })
    const { sig: _, ...bare } = genuine.data
    world.ledger.insert({ ...genuine, data: { ...bare, previous: second } })
    expect(await world.accepted()).toBe(second)
  })

  test('a row that says otherwise says nothing', async () => {
    const world = policyWorld()
    const before = await world.accepted()
    const pull = world.propose('auto')
    await world.settle()
    await world.land(pull)
    const row = await world.store.pull(repositoryId, pull)
    if (row === undefined) throw new Error('no row')
    await world.store.transaction((tx) =>
      world.store.savePull(tx, {
        ...row,
        decision: { ...row.decision, moment: 'forecast', verdict: 'passed' },
      }),
    )
    world.review(pull, 'carol')
    await world.settle()
    await world.lookAtPull(pull)
    expect(await world.accepted()).toBe(before)
    expect(world.policyEvents().filter((type) => type === 'policy.refused')).toHaveLength(1)
    expect((await world.decision(pull))?.verdict).toBe('denied')
  })

  test('killed at every call on the way, it ends accepted, loaded, and waiting requests decided anew', async () => {
    let at = 0
    for (let done = false; !done; at++) {
      const crashes = createCrashes()
      const calls: readonly string[] = [
        'stage',
        'sealed',
        'transaction',
        'savePull',
        'recordPolicies',
        'wake',
        'waiting',
      ]
      const world = policyWorld({
        around: (port) =>
          crashes.around(
            port,
            (Object.keys(port) as (keyof typeof port & string)[]).filter((name) => calls.includes(name)),
          ),
      })
      const request = world.request('a')
      await world.settle()
      const pull = world.propose('auto')
      await world.settle()
      world.review(pull, 'carol')
      await world.settle()
      world.clock.advance(1000)
      const commit = await world.merge(pull, 'bob')
      await world.deliver()
      crashes.plan(at, at % 2 === 1)
      done = true
      for (const wakeUp of world.queue.take()) {
        await world.look(wakeUp).catch(async () => {
          done = false
          crashes.clear()
          await world.deps.queue.wake([wakeUp])
        })
      }
      crashes.clear()
      await world.settle()
      await catchUp(world.deps)
      await world.settle()
      expect(await world.accepted(), `killed at ${at}`).toBe(commit)
      const { lastLoaded } = await policyLedger(world.deps, world.repository())
      expect(lastLoaded, `killed at ${at}`).toBe(commit)
      expect(world.policyEvents().filter((type) => type === 'policy.accepted')).toHaveLength(1)
      expect((await world.decision(request))?.policyCommit, `killed at ${at}`).toBe(commit)
    }
    expect(at).toBeGreaterThan(10)
  })
})

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

describe('what waits (trust.md 1.9)', () => {
  /** A request that bob has approved under one rule, and what became of it under another. */
  const renewed = async (from: Variant, to: Variant, reviewers: readonly Person[] = ['bob']) => {
    const world = policyWorld({}, from)
    const pull = world.request('a')
    await world.settle()
    for (const reviewer of reviewers) world.review(pull, reviewer)
    world.clock.advance(1000)
    await world.settle()
    world.clock.advance(1000)
    const before = await world.states(pull)
    await world.change(to, 'rules')
    return { world, pull, before: before.a, after: (await world.states(pull)).a }
  }

  test.each<[Variant, Variant, string, string]>([
    ['usual', 'behalf', 'approved', 'approved'],
    ['two', 'usual', 'pending', 'pending'],
    ['pair', 'usual', 'pending', 'pending'],
    ['usual', 'auto', 'approved', 'pending'],
    ['denied', 'usual', 'denied', 'pending'],
    ['disallowed', 'usual', 'denied', 'pending'],
    ['unknown', 'usual', 'denied', 'pending'],
    ['denied', 'auto', 'denied', 'pending'],
    ['usual', 'denied', 'approved', 'denied'],
  ])('%s → %s: %s becomes %s', async (from, to, was, is) => {
    const { before, after } = await renewed(from, to)
    expect([before, after]).toEqual([was, is])
  })

  test('an approval from before is shown as such, and a new one counts', async () => {
    const { world, pull } = await renewed('two', 'usual')
    expect(world.check(pull)?.summary).toContain('given under the old policy')
    await world.merge(pull, 'alice')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'refused' })
    const again = await renewed('two', 'usual')
    again.world.review(again.pull, 'bob')
    await again.world.settle()
    expect(await again.world.states(again.pull)).toEqual({ a: 'approved' })
  })

  test('back and forth: an approval stays void', async () => {
    const { world, pull } = await renewed('usual', 'two')
    await world.change('usual', 'back')
    expect(await world.states(pull)).toEqual({ a: 'pending' })
  })

  test('a change that asks for the same keeps what came after an earlier change', async () => {
    const { world, pull } = await renewed('two', 'usual')
    world.review(pull, 'bob')
    await world.settle()
    await world.change('behalf', 'same')
    expect(await world.states(pull)).toEqual({ a: 'approved' })
  })

  test.each([
    [
      'a push',
      (world: Awaited<ReturnType<typeof renewed>>['world']) =>
        world.push('a', { [filePath('a')]: requestFile('b') }, 'alice'),
    ],
    [
      'an approval',
      (world: Awaited<ReturnType<typeof renewed>>['world'], pull: number) => world.review(pull, 'bob'),
    ],
  ])('fallen to auto, %s makes it pass', async (_, happens) => {
    const { world, pull } = await renewed('usual', 'auto', [])
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    expect(world.check(pull)?.summary).toContain('since the policies changed')
    happens(world, pull)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'approved' })
  })

  test('an approval that was lost, and is delivered after the change, is as old as it says', async () => {
    const world = policyWorld({}, 'two')
    const pull = world.request('a')
    await world.settle()
    world.review(pull, 'bob')
    world.lost.push(...world.sent.splice(0))
    world.clock.advance(2000)
    await world.change('usual', 'rules')
    for (const { delivery, wake } of world.lost.splice(0))
      world.sent.push({ delivery: { ...delivery, receivedAt: world.clock.now() }, wake })
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
  })

  test('decisions that nobody signed are no precedent: everything is asked for anew', async () => {
    const world = policyWorld({}, 'two')
    // Opened and approved while nobody looks.
    const pull = world.request('a')
    world.review(pull, 'bob')
    await world.deliver()
    world.queue.take()
    const old = await world.accepted()
    world.clock.advance(1000)
    await world.change('usual', 'rules')
    const path = filePath('a')
    world.ledger.insert({
      v: 1,
      type: 'request.evaluated',
      at: new Date(world.clock.now()).toISOString(),
      actor: { kind: 'app', id: 'gitsudo' },
      request: requestId(repositoryId, pull, path),
      repo: repositoryId,
      pull,
      data: { path, policy_commit: old, terms: { tier: 'human', asks: ['1 of group sre'], met: true } },
    })
    await world.lookAtPull(pull)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'approved' })
  })

  test('a decision that asks for something else is recorded, whatever else it says', async () => {
    const { world, pull } = await renewed('usual', 'behalf')
    const decision = await world.decision(pull)
    const [request] = decision?.requests ?? []
    if (decision === undefined || request?.terms === undefined) throw new Error('no decision')
    expect(saysMore(decision, request, decision)).toBe(false)
    expect(
      saysMore(decision, { ...request, terms: { ...request.terms, asks: ['2 of group sre'] } }, decision),
    ).toBe(true)
  })

  test('who is blocked loses what they hold (trust.md 3.10)', async () => {
    const world = policyWorld({}, 'auto')
    const pull = world.request('a')
    await world.settle()
    await world.merge(pull, 'alice')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'active' })
    world.push('block', { [rulesPath]: rulesText('blocked') }, 'bob')
    const rules = world.open('block', 'bob')
    await world.settle()
    world.review(rules, 'carol')
    await world.settle()
    await world.land(rules)
    expect(await world.states(pull)).toEqual({ a: 'ended' })
  })
})
