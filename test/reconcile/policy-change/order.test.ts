import { describe, expect, test } from 'vitest'
import { catchUp } from '../../../app/reconcile/catch-up.ts'
import { policyLedger } from '../../../app/reconcile/policies.ts'
import { createCrashes } from '../../support/memory/crash.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { rulesPath, rulesText } from '../model/rules.ts'
import { minute, type Options, policyWorld } from './world.ts'

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
    // One that was overtaken has its verdict too.
    const verdicts = world.ledger
      .events()
      .filter(({ type, pull }) => pull === first && type !== 'policy.loaded')
    expect(verdicts.map(({ type }) => type)).toEqual([backwards ? 'policy.refused' : 'policy.accepted'])
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
