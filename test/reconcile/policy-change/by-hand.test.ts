import { describe, expect, test } from 'vitest'
import { repositoryId } from '../../support/memory/hub.ts'
import { rulesPath, rulesText } from '../model/rules.ts'
import { policyWorld } from './world.ts'

describe('policies that reached the branch by hand', () => {
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

  test('a merge that the branch lost is refused, and stays so when somebody pushes it back', async () => {
    const world = policyWorld()
    await world.lookAtBranch()
    const before = world.git.tip('main')
    const pull = world.propose('two')
    await world.settle()
    world.review(pull, 'carol')
    await world.settle()
    const merge = await world.merge(pull, 'bob')
    world.move('main', before, 'alice')
    await world.settle()
    const refusal = world.ledger.events().find(({ type }) => type === 'policy.refused')
    expect(refusal).toMatchObject({ pull, commit: merge })
    expect(world.alerts()).toContain('policy.not_accepted')
    world.move('main', merge, 'alice')
    await world.settle()
    await world.lookAtPull(pull)
    await world.settle()
    expect(await world.accepted()).toBe(before)
    expect((await world.decision(pull))?.verdict).toBe('denied')
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
})
