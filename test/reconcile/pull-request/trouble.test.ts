import { describe, expect, test } from 'vitest'
import { GitError } from '../../../app/reconcile/ports/git.ts'
import { accessWorld, filePath, requestFile } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { approved, away, minute } from './approved.ts'

describe('trouble', () => {
  test('after the verdict leaves the verdict as it was and comes to rest', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.merge(pull, 'alice')
    await world.settle()
    const before = (await world.store.pull(repositoryId, pull))?.decision
    world.meet(away)
    await world.lookAtPull(pull)
    expect((await world.store.pull(repositoryId, pull))?.decision).toEqual(before)
    world.meet(() => undefined)
    await world.pass(minute)
    expect((await world.store.pull(repositoryId, pull))?.lookAt).toBeUndefined()
  })

  test('at a scheduled start is not a refusal and does not unsay the verdict at the merge', async () => {
    const world = accessWorld()
    const startsAt = world.clock.now() + 5 * 60 * minute
    world.push('a', { [filePath('a')]: requestFile('a', startsAt) }, 'alice')
    const pull = world.open('a', 'alice')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    await world.merge(pull, 'alice')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'scheduled' })
    world.git.away(true)
    await world.pass(5 * 60 * minute + minute)
    expect(await world.states(pull)).toEqual({ a: 'scheduled' })
    expect((await world.store.pull(repositoryId, pull))?.decision.moment).toBe('merge')
    world.git.away(false)
    await world.pass(2 * minute)
    expect(await world.states(pull)).toEqual({ a: 'active' })
    const start = world.ledger.events().find(({ data }) => data.moment === 'start')
    expect(start?.type).toBe('request.evaluated')
  })

  test('past grantWindow refuses what is known, and the rest once it can be read', async () => {
    const world = accessWorld()
    const pull = world.request('p', ['a'])
    await world.settle()
    world.push('p', { [filePath('b')]: requestFile('b') }, 'alice')
    world.review(pull, 'bob')
    world.git.away(true)
    await world.merge(pull, 'alice')
    await world.deliver()
    world.queue.take()
    await world.lookAtPull(pull)
    await world.pass(61 * minute)
    expect(await world.states(pull)).toEqual({ a: 'refused' })
    world.git.away(false)
    await world.pass(10 * minute)
    expect(await world.states(pull)).toEqual({ a: 'refused', b: 'refused' })
    for (const name of ['a', 'b'])
      expect(world.typesOf(name).filter((type) => type === 'grant.refused')).toHaveLength(1)
  })

  test('says nothing new once it is over', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    const before = world.typesOf('a').length
    world.git.away(true)
    await world.lookAtPull(pull)
    world.git.away(false)
    await world.pass(minute)
    expect(world.typesOf('a')).toHaveLength(before)
  })

  test('a pull request that was merged and now is said to be open is trouble, not a fault', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.merge(pull, 'alice')
    await world.settle()
    const merged = world.pulls.get(pull)
    if (merged === undefined) throw new Error('no pull request')
    world.pulls.set(pull, { ...merged, state: 'open', merged: false })
    await world.lookAtPull(pull)
    expect(await world.states(pull)).toEqual({ a: 'active' })
    world.pulls.set(pull, merged)
    await world.pass(minute)
    expect((await world.store.pull(repositoryId, pull))?.decision.moment).toBe('merge')
  })

  test('one that cannot end by itself is not tried every few seconds', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    const { mirror } = world.git
    const { commits } = mirror
    Object.assign(mirror, {
      commits: () => Promise.reject(new GitError('too_large', 'more than 10000 commits')),
    })
    await world.settle()
    const row = await world.store.pull(repositoryId, pull)
    expect(row?.decision.verdict).toBe('not_yet')
    expect(row?.lookAt).toBeGreaterThanOrEqual(world.clock.now() + 5 * minute)
    Object.assign(mirror, { commits })
  })
})
