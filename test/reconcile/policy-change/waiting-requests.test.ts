import { describe, expect, test } from 'vitest'
import { saysMore } from '../../../app/reconcile/pull-request/rows.ts'
import { requestId } from '../../../app/request/id.ts'
import { filePath, requestFile } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import type { Person } from '../../support/memory/hub-people.ts'
import { rulesPath, rulesText, type Variant } from '../model/rules.ts'
import { policyWorld } from './world.ts'

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
