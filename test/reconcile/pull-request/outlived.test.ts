import { describe, expect, test } from 'vitest'
import { type AccessWorld, accessWorld } from '../../support/memory/access-world.ts'
import { approved, away, calls, day, minute } from './approved.ts'

const why = (world: AccessWorld) =>
  world.ledger.events().find(({ type }) => type === 'grant.refused')?.data.why

/** One that somebody asked for changes in, and that nobody looks at any more. */
const denied = async (world: AccessWorld): Promise<number> => {
  const pull = world.request('a')
  await world.settle()
  world.review(pull, 'bob', 'CHANGES_REQUESTED')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'denied' })
  return pull
}

/** Its row says that it was opened just now, a week and a day later. */
const mergedByALyingRow = async (world: AccessWorld, pull: number): Promise<void> => {
  world.meet(away)
  await world.pass(8 * day)
  for (const row of world.store.requestRows())
    world.store.tamperRequest({ ...row, openedAt: world.clock.now() })
  world.meet(() => undefined)
  world.review(pull, 'bob')
  await world.merge(pull, 'carol')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'refused' })
}

describe('an approval that comes after the time-out (trust.md 7.03)', () => {
  test('lapses what was denied meanwhile, and merges nothing', async () => {
    const world = accessWorld({ merge: 'auto' })
    const pull = await denied(world)
    await world.pass(30 * day)
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'lapsed' })
    expect(calls(world)).toContain('close')
    expect(calls(world)).not.toContain('merge')
    expect(world.typesOf('a')).not.toContain('grant.intended')
  })

  test('merges nothing while it is being closed either', async () => {
    let meanwhile: (() => Promise<void>) | undefined
    const world = accessWorld({
      merge: 'auto',
      around: (port) =>
        'close' in port
          ? Object.assign(Object.create(port), {
              close: async (pull: number) => {
                await meanwhile?.()
                await world.hub.api.close(pull)
              },
            })
          : port,
    })
    const pull = await denied(world)
    await world.pass(30 * day)
    meanwhile = () => world.publish(pull)
    world.review(pull, 'bob')
    await world.settle()
    expect(world.pulls.get(pull)).toMatchObject({ state: 'closed', merged: false })
  })

  test('grants nothing, merged in the second of the approval', async () => {
    const world = accessWorld()
    const pull = await denied(world)
    await world.pass(30 * day)
    world.review(pull, 'bob')
    await world.merge(pull, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'refused' })
    expect(why(world)).toBe('merged after the request had lapsed: it was open longer than pendingTtl')
  })

  test.each([
    ['before the end', 7 * day - minute, 'active'],
    ['at the end', 7 * day, 'refused'],
  ])('while GitHub was away: merged %s', async (_, ms, state) => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    world.meet(away)
    await world.pass(ms)
    world.review(pull, 'bob')
    await world.merge(pull, 'carol')
    world.meet(() => undefined)
    await world.pass(minute)
    expect(await world.states(pull)).toEqual({ a: state })
  })

  test('what the ledger says of its age counts, whatever the row says', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await mergedByALyingRow(world, pull)
  })

  describe('of one that was closed and opened again', () => {
    const reopened = async (world: AccessWorld): Promise<number> => {
      const pull = await approved(world)
      world.clock.advance(day)
      world.close(pull, 'alice')
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'cancelled' })
      world.clock.advance(9 * day)
      world.reopen(pull, 'alice')
      return pull
    }

    test('counts from the reopening', async () => {
      const world = accessWorld()
      const pull = await reopened(world)
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'pending' })
      await world.pass(6 * day)
      expect(await world.states(pull)).toEqual({ a: 'pending' })
      world.review(pull, 'bob')
      await world.settle()
      await world.merge(pull, 'carol')
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'active' })
    })

    test('counts from the reopening where nobody looked before the merge', async () => {
      const world = accessWorld()
      const pull = await reopened(world)
      world.clock.advance(minute)
      world.review(pull, 'bob')
      world.clock.advance(minute)
      await world.merge(pull, 'carol')
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'active' })
    })

    test('lapses a whole time-out after it', async () => {
      const world = accessWorld()
      const pull = await reopened(world)
      await world.settle()
      await world.pass(7 * day)
      expect(await world.states(pull)).toEqual({ a: 'lapsed' })
      expect(calls(world)).toContain('close')
    })

    test('what the ledger says of its age counts, whatever the row says', async () => {
      const world = accessWorld()
      const pull = await reopened(world)
      await world.settle()
      await mergedByALyingRow(world, pull)
    })
  })
})
