import { describe, expect, test } from 'vitest'
import type { Observation } from '../../app/provider/port.ts'
import { createGrantReconciler } from '../../app/reconcile/grant.ts'
import { anIntent } from '../support/memory/intent.ts'
import { createStall } from '../support/memory/stall.ts'
import { memoryWorld } from '../support/memory/world.ts'

const never = new AbortController().signal
const minute = 60_000

/** Two grants on one binding: one of half an hour that is active, and one of an hour that is about to be given. */
const sharing = async () => {
  const seen: Observation[] = []
  const world = memoryWorld({
    shared: true,
    around: (mock) => ({
      ...mock,
      inspect: async (intent, call) => seen.pop() ?? mock.inspect(intent, call),
    }),
  })
  const now = world.clock.now()
  const short = anIntent(1, now, { endsAt: now + 30 * minute })
  const long = anIntent(2, now, { endsAt: now + 60 * minute })
  await world.look(await world.open(short))
  await world.open(long)
  const refuse = () => world.faults.plan({ kind: 'invalid' }, 'ensure')
  const states = () =>
    Promise.all([short, long].map(async ({ grant }) => (await world.store.grant(grant))?.state))
  return { world, short, long, refuse, seen, states }
}

describe('of two grants on one binding one that ends without a revocation keeps nothing for the other', () => {
  test('before its failure is sealed', async () => {
    const { world, short, long, refuse, states } = await sharing()
    refuse()
    world.ledger.down = true
    await world.look(long.grant)
    expect(await states()).toEqual(['active', 'failed'])
    expect(await world.bindings.all()).toHaveLength(1)
    world.clock.set(short.endsAt)
    await world.look(short.grant)
    world.ledger.down = false
    world.ledger.seal()
    await world.settle()
    expect(await states()).toEqual(['ended', 'failed'])
    expect(await world.bindings.all()).toEqual([])
  })

  test('before it is sealed that somebody else took it away', async () => {
    const { world, short, long, seen, states } = await sharing()
    await world.look(long.grant)
    seen.push({ kind: 'absent' })
    world.ledger.down = true
    await world.look(long.grant)
    expect(await world.store.grant(long.grant)).toMatchObject({ cause: 'revoked externally' })
    world.clock.set(short.endsAt)
    await world.look(short.grant)
    world.ledger.down = false
    world.ledger.seal()
    await world.settle()
    expect(await states()).toEqual(['ended', 'ended'])
    expect(await world.bindings.all()).toEqual([])
  })

  test('while its worker sleeps between counting and saying so', async () => {
    const { world, short, long, refuse, states } = await sharing()
    refuse()
    const stall = createStall()
    // The first saves that it is about to be given.
    const asleep = stall.plan(1)
    const store = stall.around(world.store, ['transaction'])
    const sleeper = createGrantReconciler({ ...world.deps, store }).look(long.grant, never)
    await asleep
    world.clock.set(short.endsAt)
    const ending = world.look(short.grant)
    // Everything that the other can do meanwhile is done.
    await new Promise(setImmediate)
    stall.wake()
    await Promise.all([sleeper, ending])
    await world.settle()
    expect(await states()).toEqual(['ended', 'failed'])
    expect(await world.bindings.all()).toEqual([])
  })

  test('while it may not take it away, and sees that it is not there', async () => {
    const { world, short, long, states } = await sharing()
    await world.revoke(short.grant)
    await world.look(short.grant)
    for (let n = 0; n < 5; n++) world.faults.plan({ kind: 'forbidden' }, 'ensure')
    world.faults.plan({ kind: 'forbidden' }, 'remove')
    for (let n = 0; n < 4; n++) await world.look(long.grant)
    const third = anIntent(3, world.clock.now(), { endsAt: world.clock.now() + 10 * minute })
    await world.open(third)
    const stall = createStall()
    const asleep = stall.plan(1)
    const store = stall.around(world.store, ['transaction'])
    const sleeper = createGrantReconciler({ ...world.deps, store }).look(long.grant, never)
    await asleep
    const given = (async () => {
      await world.look(third.grant)
      world.clock.set(third.endsAt)
      await world.look(third.grant)
    })()
    await new Promise(setImmediate)
    stall.wake()
    await Promise.all([sleeper, given])
    await world.settle()
    expect(await states()).toEqual(['ended', 'failed'])
    expect(await world.bindings.all()).toEqual([])
  })

  test('where the clock that ends it is ahead of the other’s', async () => {
    const { world, short, long, states } = await sharing()
    await world.look(long.grant)
    world.clock.set(short.endsAt - 2 * minute)
    const ahead = { ...world.clock, now: () => world.clock.now() + 4 * minute }
    const stall = createStall()
    const asleep = stall.plan(0)
    const store = stall.around(world.store, ['transaction'])
    const sleeper = createGrantReconciler({ ...world.deps, clock: ahead, store }).look(short.grant, never)
    await asleep
    await world.revoke(long.grant)
    const ending = world.look(long.grant)
    await new Promise(setImmediate)
    stall.wake()
    await Promise.all([sleeper, ending])
    await world.settle()
    expect(await states()).toEqual(['ended', 'ended'])
    expect(await world.bindings.all()).toEqual([])
  })
})
