import { describe, expect, test } from 'vitest'
import { type AccessWorld, accessWorld, filePath, requestFile } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { people } from '../../support/memory/hub-people.ts'
import { approved, minute } from './approved.ts'

const hour = 60 * minute

const one = ({ reviews: [first] }: AccessWorld) => {
  if (first === undefined) throw new Error('no review')
  return first
}

describe('what GitHub says twice, and not alike', () => {
  test.each([
    ['a permission of whoever took the login', 'reuse', 'names account 2002'],
    ['no such login', 'rename', 'lists a review by bob, and knows no such login'],
  ] as const)('%s, since the reviews were listed, is nobody’s answer', async (_, change, summary) => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    world.review(pull, 'bob')
    await world.merge(pull, 'alice')
    world.hub.meet((call) => {
      if (call !== 'permission') return
      world.hub.meet(() => undefined)
      world.hub[change]('bob')
    })
    await world.deliver()
    world.queue.take()
    await world.lookAtPull(pull)
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    const said = (await world.store.pull(repositoryId, pull))?.decision
    expect(said).toMatchObject({ verdict: 'not_yet', summary: expect.stringContaining(summary) })
    // Asked again, GitHub lists the reviewer under the login of now.
    await world.pass(minute)
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })

  test('a requester whom it named before is no stranger, however often it denies him, until the window ends', async () => {
    const world = accessWorld()
    world.push('a', { [filePath('a')]: requestFile('a').replace('alice', 'carol') }, 'alice')
    const pull = world.open('a', 'alice')
    await world.settle()
    world.hub.rename('carol')
    // Past what the check may remember.
    world.clock.advance(2 * minute)
    world.review(pull, 'bob')
    await world.settle()
    const summary = expect.stringContaining('GitHub named user carol before, and now knows none')
    const said = async () => (await world.store.pull(repositoryId, pull))?.decision
    expect(await said()).toMatchObject({ verdict: 'not_yet', summary })
    await world.merge(pull, 'bob')
    await world.settle()
    expect(await said()).toMatchObject({ verdict: 'not_yet', summary })
    await world.pass(hour / 2)
    expect(await said()).toMatchObject({ verdict: 'not_yet', summary })
    expect(await world.states(pull)).not.toEqual({ a: 'refused' })
    await world.pass(hour)
    expect(await world.states(pull)).toEqual({ a: 'refused' })
    expect((await said())?.verdict).toBe('denied')
    const refused = world.ledger.events().find(({ type }) => type === 'grant.refused')
    expect(refused?.data.why).toEqual(summary)
    // Nobody goes on to ask.
    await world.pass(hour)
    expect((await world.store.pull(repositoryId, pull))?.lookAt).toBeUndefined()
  })

  test('a review that GitHub lists as another’s than its signed payload did does not count', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    world.review(pull, 'mallory')
    for (const [index, review] of world.hub.reviews.entries())
      world.hub.reviews[index] = { ...review, reviewer: people.bob }
    await world.merge(pull, 'alice')
    await world.settle()
    expect(await world.states(pull)).not.toEqual({ a: 'active' })
    const said = (await world.store.pull(repositoryId, pull))?.decision
    expect(said).toMatchObject({
      verdict: 'not_yet',
      summary: expect.stringContaining('says something else'),
    })
  })

  test.each<[string, (world: AccessWorld, pull: number) => void, string]>([
    [
      'no changes asked for any more',
      (world, pull) => {
        world.review(pull, 'bob', 'CHANGES_REQUESTED')
        world.review(pull, 'carol')
        world.reviews.shift()
      },
      'refused',
    ],
    [
      'an approval that was dismissed as one that stands',
      (world, pull) => {
        world.dismiss(world.review(pull, 'bob'))
        world.reviews[0] = { ...one(world), state: 'APPROVED' }
      },
      'refused',
    ],
    [
      'of two approvals only the one that was not dismissed',
      (world, pull) => {
        world.review(pull, 'bob')
        world.clock.advance(1000)
        world.dismiss(world.review(pull, 'bob'))
        world.reviews.pop()
      },
      'refused',
    ],
    [
      'a comment where changes were asked for',
      (world, pull) => {
        world.review(pull, 'bob', 'CHANGES_REQUESTED')
        world.reviews[0] = { ...one(world), state: 'COMMENTED' }
        world.review(pull, 'carol')
      },
      'pending',
    ],
    [
      'a comment where somebody approved',
      (world, pull) => {
        world.review(pull, 'bob')
        world.reviews[0] = { ...one(world), state: 'COMMENTED' }
      },
      'pending',
    ],
    [
      'no approval yet',
      (world, pull) => {
        world.review(pull, 'bob')
        world.reviews.shift()
      },
      'pending',
    ],
    [
      'an approval less',
      (world, pull) => {
        world.review(pull, 'bob')
        world.review(pull, 'carol')
        world.reviews.pop()
      },
      'active',
    ],
    [
      'nothing of somebody who may not write, and whose account it hides',
      (world, pull) => {
        world.allow('mallory', 'read')
        world.review(pull, 'mallory', 'CHANGES_REQUESTED')
        world.review(pull, 'bob')
        world.reviews.shift()
      },
      'active',
    ],
  ])('GitHub lists %s: what was signed counts (trust.md 2.4)', async (_, says, state) => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    says(world, pull)
    await world.merge(pull, 'alice')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: state })
  })

  test('a merge without its commit, or its time, is no verdict until GitHub names both', async () => {
    for (const missing of ['mergeCommit', 'mergedAt'] as const) {
      const world = accessWorld()
      const pull = await approved(world)
      await world.merge(pull, 'alice')
      const merged = world.pulls.get(pull)
      if (merged === undefined) throw new Error('no pull request')
      const { [missing]: _, ...half } = merged
      world.pulls.set(pull, half)
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'approved' })
      const said = (await world.store.pull(repositoryId, pull))?.decision
      expect(said).toMatchObject({ verdict: 'not_yet', summary: expect.stringContaining('names no') })
      world.pulls.set(pull, merged)
      await world.pass(minute)
      expect(await world.states(pull)).toEqual({ a: 'active' })
    }
  })

  test('reviews from before a reopening stay void, whatever the database has forgotten of it', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    world.close(pull, 'alice')
    await world.settle()
    world.clock.advance(minute)
    world.reopen(pull, 'alice')
    await world.settle()
    const [row] = await world.store.requestsOfPull(repositoryId, pull)
    if (row === undefined) throw new Error('no request')
    const { reviewsFrom: _, ...forgotten } = row
    world.store.tamperRequest(forgotten)
    world.store.loseDeliveries(pull, 'pull_request')
    await world.merge(pull, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'refused' })
  })
})
