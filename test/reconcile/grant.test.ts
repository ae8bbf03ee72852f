import { describe, expect, test } from 'vitest'
import type { Intent } from '../../app/grant/intent.ts'
import type { Provider } from '../../app/provider/port.ts'
import { issueCredentials } from '../../app/reconcile/credentials.ts'
import { refuseGrant, startGrant } from '../../app/reconcile/grant/open.ts'
import { createGrantReconciler } from '../../app/reconcile/grant.ts'
import { createCrashes } from '../support/memory/crash.ts'
import { anIntent } from '../support/memory/intent.ts'
import { createStall } from '../support/memory/stall.ts'
import { activeWorld, memoryWorld } from '../support/memory/world.ts'

const never = new AbortController().signal
const minute = 60_000

describe('a grant', () => {
  test('is given, kept, and taken away at its end', async () => {
    const { world, intent, id } = await activeWorld()
    expect(await world.bindings.all()).toHaveLength(1)
    expect(world.queue.take()).toContainEqual({ queue: 'publish', key: '123456:1' })
    await world.settle()
    const row = await world.store.grant(id)
    expect(row).toMatchObject({ state: 'ended', cause: 'expired', endedAt: intent.endsAt })
    expect(row?.lookAt).toBeUndefined()
    expect(await world.bindings.all()).toEqual([])
    expect(world.typesOf(id)).toEqual(['grant.intended', 'grant.issued', 'grant.expired'])
    expect(world.queue.take()).toContainEqual({ queue: 'publish', key: '123456:1' })
    expect(world.ledger.events().every((event) => world.keys.verify(event))).toBe(true)
  })

  test('says what its sessions go without', async () => {
    const without = ['sts:TagSession']
    const { world } = await activeWorld({
      around: (mock) => ({
        ...mock,
        ensure: async (intent, call) => ({ ...(await mock.ensure(intent, call)), without }),
      }),
    })
    const issued = world.ledger.events().find(({ type }) => type === 'grant.issued')
    expect(issued?.data.without).toEqual(without)
  })

  test('is not given before its intent is sealed', async () => {
    const world = memoryWorld()
    world.ledger.down = true
    const id = await world.open(anIntent(1, world.clock.now()))
    await world.look(id)
    expect(await world.bindings.all()).toEqual([])
    expect(await world.store.grant(id)).toMatchObject({ state: 'provisioning', tries: 1 })
    world.ledger.seal()
    await world.look(id)
    expect((await world.store.grant(id))?.state).toBe('active')
  })

  test('is revoked when asked, its revoke intent sealed first', async () => {
    const { world, id } = await activeWorld()
    await world.revoke(id)
    world.ledger.down = true
    await expect(world.look(id)).rejects.toThrow('not sealed')
    expect(await world.bindings.all()).toHaveLength(1)
    expect((await world.store.grant(id))?.state).toBe('revoking')
    world.ledger.down = false
    world.ledger.seal()
    await world.look(id)
    expect(await world.store.grant(id)).toMatchObject({ state: 'ended', cause: 'revoked' })
    expect(await world.bindings.all()).toEqual([])
    expect(world.typesOf(id)).toEqual([
      'grant.intended',
      'grant.issued',
      'grant.revoke_intended',
      'grant.revoked',
    ])
  })

  test('that the cloud refuses for good fails, with nothing left', async () => {
    const world = memoryWorld()
    const id = await world.open(anIntent(1, world.clock.now()))
    world.faults.plan({ kind: 'invalid' }, 'ensure')
    await world.look(id)
    expect(await world.store.grant(id)).toMatchObject({
      state: 'failed',
      note: 'mock: there is no such role',
    })
    expect(world.typesOf(id)).toEqual(['grant.intended', 'grant.failed'])
  })

  test('whose answer was lost needs two absent read-backs, gone at the first', async () => {
    const world = memoryWorld()
    const intent = anIntent(1, world.clock.now())
    const id = await world.open(intent)
    world.faults.plan({ kind: 'lost' }, 'ensure')
    await world.look(id)
    expect((await world.store.grant(id))?.state).toBe('provisioning')
    await world.settle(intent.endsAt)
    expect(await world.store.grant(id)).toMatchObject({ state: 'revoking', absentSince: intent.endsAt })
    await world.settle()
    expect(await world.store.grant(id)).toMatchObject({ state: 'ended', endedAt: intent.endsAt })
    expect(world.clock.now()).toBe(intent.endsAt + 25_001)
  })

  describe('given after all, once it was refused and read absent', () => {
    const noted = async () => {
      const world = memoryWorld()
      const id = await world.open(anIntent(1, world.clock.now()))
      world.faults.plan({ kind: 'lost' }, 'ensure')
      for (let n = 0; n < 4; n++) world.faults.plan({ kind: 'forbidden' }, 'ensure')
      for (let n = 0; n < 5; n++) {
        await world.look(id)
        world.clock.advance(minute)
      }
      const row = await world.store.grant(id)
      expect(row).toMatchObject({ state: 'provisioning', absentSince: world.clock.now() - minute })
      const revoked = async () => {
        await world.revoke(id)
        const from = world.clock.now()
        await world.look(id)
        expect(await world.store.grant(id)).toMatchObject({ state: 'revoking', absentSince: from })
        await world.settle()
        expect(await world.store.grant(id)).toMatchObject({ state: 'ended', endedAt: from })
        const end = world.ledger.events().find(({ type }) => type === 'grant.revoked')
        expect(end?.data.gone_at).toBe(new Date(from).toISOString())
      }
      return { world, id, revoked }
    }

    test('is not gone before it was active', async () => {
      const { world, id, revoked } = await noted()
      await world.look(id)
      expect((await world.store.grant(id))?.state).toBe('active')
      world.clock.advance(minute)
      await revoked()
    })

    test('nor where a worker died before it could say so', async () => {
      const { world, id, revoked } = await noted()
      const crashes = createCrashes()
      crashes.plan(0, true)
      const store = crashes.around(world.store, ['closeAttempt'])
      await expect(createGrantReconciler({ ...world.deps, store }).look(id, never)).rejects.toThrow('killed')
      expect(await world.bindings.all()).toHaveLength(1)
      world.clock.advance(minute)
      await revoked()
    })

    test('fails where it is refused again', async () => {
      const { world, id } = await noted()
      world.faults.plan({ kind: 'forbidden' }, 'ensure')
      await world.look(id)
      expect((await world.store.grant(id))?.state).toBe('failed')
    })
  })

  test('that was there between two absent read-backs is gone at the one after', async () => {
    const world = memoryWorld({ propagationMs: 2000 })
    const intent = anIntent(1, world.clock.now())
    const id = await world.open(intent)
    world.faults.plan({ kind: 'unavailable' }, 'ensure')
    await world.look(id)
    await world.settle(intent.endsAt)
    expect((await world.store.grant(id))?.absentSince).toBe(intent.endsAt)
    const { grant, principal, cloudRole: role, scope } = intent
    await world.bindings.put({ handle: world.mock.bindingKey(intent), grant, principal, role, scope })
    world.clock.advance(minute)
    world.faults.plan({ kind: 'stale' }, 'remove')
    await world.look(id)
    expect((await world.store.grant(id))?.absentSince).toBeUndefined()
    await world.settle()
    expect((await world.store.grant(id))?.endedAt).toBeGreaterThan(intent.endsAt + minute)
  })

  test('is read absent twice as far apart by a clock that is ahead of the one that noted the first', async () => {
    const world = memoryWorld()
    const intent = anIntent(1, world.clock.now())
    const id = await world.open(intent)
    world.faults.plan({ kind: 'unavailable' }, 'ensure')
    await world.look(id)
    await world.settle(intent.endsAt)
    expect((await world.store.grant(id))?.absentSince).toBe(intent.endsAt)
    const clock = { now: () => world.clock.now() + 4 * minute }
    const other = createGrantReconciler({ ...world.deps, clock })
    await other.look(id, never)
    const row = await world.store.grant(id)
    expect(row).toMatchObject({ state: 'revoking', lookAt: clock.now() + 25_001 })
    world.clock.advance(25_001)
    await other.look(id, never)
    expect(await world.store.grant(id)).toMatchObject({ state: 'ended', endedAt: intent.endsAt })
  })

  test('stays revocation debt until the cloud says gone', async () => {
    const { world, intent, id } = await activeWorld()
    world.clock.set(intent.endsAt)
    for (let n = 0; n < 12; n++)
      world.faults.plan({ kind: n % 2 === 0 ? 'unavailable' : 'throttled' }, 'remove')
    await world.look(id)
    expect(await world.store.grant(id)).toMatchObject({ state: 'revoking', cause: 'expired', tries: 1 })
    await world.settle()
    expect(await world.store.grant(id)).toMatchObject({ state: 'ended', cause: 'expired' })
    expect(await world.bindings.all()).toEqual([])
  })

  test('that may not be removed is quarantined, alerted, and still retried', async () => {
    const { world, intent, id } = await activeWorld()
    world.clock.set(intent.endsAt)
    for (let n = 0; n < 8; n++) world.faults.plan({ kind: 'forbidden' }, 'remove')
    for (let n = 0; n < 5; n++) {
      await world.look(id)
      world.clock.advance(minute)
    }
    expect((await world.store.grant(id))?.state).toBe('quarantined')
    expect(world.log.lines).toContainEqual(
      expect.objectContaining({ level: 'alert', message: 'grant.quarantined' }),
    )
    await world.settle()
    expect(await world.store.grant(id)).toMatchObject({ state: 'ended', cause: 'expired' })
  })

  test('removed behind our back has ended and is never made again', async () => {
    const { world, intent, id } = await activeWorld()
    await world.bindings.delete(world.mock.bindingKey(intent))
    await world.look(id)
    expect(await world.store.grant(id)).toMatchObject({ state: 'ended', cause: 'revoked externally' })
    expect(await world.bindings.all()).toEqual([])
    expect(world.typesOf(id)).toContain('grant.revoked')
  })

  test('extended or altered behind our back is recorded and cut back, each time', async () => {
    const { world, intent, id } = await activeWorld()
    const [binding] = await world.bindings.all()
    if (binding === undefined) throw new Error('no binding')
    const drifts = () => world.typesOf(id).filter((type) => type === 'grant.drift').length
    for (const [times, change] of [
      [1, { expiresAt: intent.endsAt + 60 * minute }],
      [2, { role: 'mock-owner' }],
      [3, { role: 'mock-owner' }],
    ] as const) {
      await world.bindings.replace({ ...binding, ...change })
      await world.look(id)
      await world.look(id)
      expect([await world.bindings.all(), drifts()]).toEqual([[binding], times])
    }
    expect((await world.store.grant(id))?.note).toBeUndefined()
    await world.settle()
    expect(await world.store.grant(id)).toMatchObject({ state: 'ended', endedAt: intent.endsAt })
  })

  test('that cannot be cut back now is recorded once, and tried again until it is', async () => {
    const { world, intent, id } = await activeWorld()
    const [binding] = await world.bindings.all()
    if (binding === undefined) throw new Error('no binding')
    await world.bindings.replace({ ...binding, principal: 'mallory@example.com' })
    for (let n = 0; n < 4; n++) world.faults.plan({ kind: 'unavailable' }, 'cutBack')
    await world.settle(intent.startsAt + 10 * minute)
    expect(await world.bindings.all()).toEqual([binding])
    expect(world.typesOf(id).filter((type) => type === 'grant.drift')).toHaveLength(1)
    expect((await world.store.grant(id))?.state).toBe('active')
  })
})

test('a worker that slept while the grant was revoked does not write any more', async () => {
  const ensured: string[] = []
  const world = memoryWorld({
    around: (mock) => ({
      ...mock,
      ensure: (intent, call) => {
        ensured.push(intent.grant)
        return mock.ensure(intent, call)
      },
    }),
  })
  const id = await world.open(anIntent(1, world.clock.now()))
  const stall = createStall()
  const asleep = stall.plan(3)
  const sleeper = createGrantReconciler({
    ...world.deps,
    store: stall.around(world.store, ['openAttempt', 'grant', 'transaction']),
    providers: new Map([['mock', stall.around(world.provider, ['ensure'])]]),
  }).look(id, never)
  await asleep
  expect(stall.at()).toBe('grant')
  await world.revoke(id)
  await world.look(id)
  stall.wake()
  await sleeper
  expect(ensured).toEqual([])
  await world.settle()
  expect((await world.store.grant(id))?.state).toBe('ended')
})

describe('grants that share a binding', () => {
  test('keep it until the last of them ends', async () => {
    const world = memoryWorld({ shared: true })
    const now = world.clock.now()
    const first = anIntent(1, now, { endsAt: now + 30 * minute })
    const second = anIntent(2, now, { endsAt: now + 60 * minute })
    for (const intent of [first, second]) await world.look(await world.open(intent))
    expect(await world.bindings.all()).toHaveLength(1)
    await world.settle(first.endsAt)
    expect(await world.store.grant(first.grant)).toMatchObject({ state: 'ended', cause: 'expired' })
    expect(await world.bindings.all()).toHaveLength(1)
    const end = world.ledger.events().find(({ type }) => type === 'grant.expired')
    expect(end?.data).toMatchObject({ kept_for: [second.grant] })
    await world.settle()
    expect(await world.bindings.all()).toEqual([])
  })

  test('are written one after another: nobody ensures between the count of sharers and the removal', async () => {
    const order: string[] = []
    const removing = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<void>()
    const world = memoryWorld({
      shared: true,
      around: (mock) => ({
        ...mock,
        ensure: (intent, call) => {
          order.push(`ensure ${intent.pull}`)
          return mock.ensure(intent, call)
        },
        remove: async (intent, call) => {
          order.push(`remove ${intent.pull}`)
          removing.resolve()
          await answer.promise
          const gone = await mock.remove(intent, call)
          order.push(`removed ${intent.pull}`)
          return gone
        },
      }),
    })
    const [first, second] = [anIntent(1, world.clock.now()), anIntent(2, world.clock.now())]
    await world.look(await world.open(first))
    await world.revoke(first.grant)
    const ending = world.look(first.grant)
    await removing.promise
    const starting = world.look(await world.open(second))
    // Everything the second can do without the lock is done before the first goes on.
    await new Promise(setImmediate)
    answer.resolve()
    await Promise.all([ending, starting])
    expect(order).toEqual(['ensure 1', 'remove 1', 'removed 1', 'ensure 2'])
    expect((await world.store.grant(second.grant))?.state).toBe('active')
    expect(await world.bindings.all()).toHaveLength(1)
  })

  test('keep it for each other only once no write of the one can arrive any more, whoever’s clock is ahead', async () => {
    const world = memoryWorld({ shared: true })
    const now = world.clock.now()
    const [first, second] = [anIntent(1, now), anIntent(2, now)]
    for (const intent of [first, second]) await world.open(intent)
    await world.look(second.grant)
    world.faults.plan({ kind: 'lost' }, 'ensure')
    await world.look(first.grant)
    await world.revoke(first.grant)
    const clock = { now: () => world.clock.now() + 4 * minute }
    const other = createGrantReconciler({ ...world.deps, clock })
    await other.look(first.grant, never)
    const row = await world.store.grant(first.grant)
    expect(row).toMatchObject({ state: 'revoking', lookAt: clock.now() + 25_001 })
    world.clock.advance(25_001)
    await other.look(first.grant, never)
    expect((await world.store.grant(first.grant))?.state).toBe('ended')
  })

  test('count from sealed events, not from rows', async () => {
    const world = memoryWorld({ shared: true })
    const now = world.clock.now()
    const first = anIntent(1, now)
    const second = anIntent(2, now)
    for (const intent of [first, second]) await world.look(await world.open(intent))
    await world.revoke(second.grant)
    await world.look(second.grant)
    // The row claims a life that the ledger has ended: it does not keep the binding.
    world.store.tamper(second.grant, { state: 'active' })
    await world.revoke(first.grant)
    await world.look(first.grant)
    expect(await world.bindings.all()).toEqual([])
  })
})

describe('a scheduled grant', () => {
  const scheduledWorld = async () => {
    const world = memoryWorld()
    const startsAt = world.clock.now() + 60 * minute
    const intent = anIntent(1, startsAt)
    const id = await world.open(intent)
    await world.look(id)
    expect(await world.store.grant(id)).toMatchObject({ state: 'scheduled', lookAt: startsAt })
    world.queue.take()
    return { world, intent, id, startsAt }
  }

  test('asks for its second verdict at its start, and starts with the duration that was sealed', async () => {
    const { world, intent, id, startsAt } = await scheduledWorld()
    world.clock.set(startsAt)
    await world.look(id)
    expect(world.queue.take()).toContainEqual({ queue: 'pull-request', key: '123456:1' })
    const begun = startsAt + 400
    world.clock.set(begun)
    const longer = { ...intent, startsAt: begun, endsAt: begun + 600 * minute }
    await world.store.transaction((tx) => startGrant(tx, world.deps, longer))
    world.ledger.seal()
    await world.look(id)
    expect(await world.store.grant(id)).toMatchObject({ state: 'active', endsAt: begun + 60 * minute })
    await world.settle()
    expect(world.typesOf(id)).toEqual(['grant.scheduled', 'grant.intended', 'grant.issued', 'grant.expired'])
  })

  test('is refused by its second verdict, or when its start is missed', async () => {
    const refused = await scheduledWorld()
    await refused.world.store.transaction((tx) =>
      refuseGrant(tx, refused.world.deps, refused.id, 'no longer eligible'),
    )
    refused.world.ledger.seal()
    await refused.world.settle()
    expect(await refused.world.store.grant(refused.id)).toMatchObject({
      state: 'refused',
      note: 'no longer eligible',
    })
    const missed = await scheduledWorld()
    await missed.world.settle()
    expect((await missed.world.store.grant(missed.id))?.state).toBe('refused')
    expect(missed.world.typesOf(missed.id)).toEqual(['grant.scheduled', 'grant.refused'])
  })

  test('can be revoked before it starts', async () => {
    const { world, id } = await scheduledWorld()
    await world.revoke(id)
    await world.look(id)
    expect(await world.store.grant(id)).toMatchObject({ state: 'ended', cause: 'revoked' })
    expect(world.typesOf(id)).toEqual(['grant.scheduled', 'grant.revoke_intended', 'grant.revoked'])
  })
})

describe('credentials', () => {
  test('go to the requester of an active grant, sealed first, never beyond its end', async () => {
    const { world, intent, id } = await activeWorld()
    const answer = await issueCredentials(world.deps, id, 1001, { id: 'session-1' }, never)
    expect(answer).toMatchObject({ ok: true, expiresAt: intent.endsAt })
    expect(answer.ok && answer.environment.MOCK_ACCESS_KEY_ID).toMatch(/^MOCK/)
    expect(world.typesOf(id)).toContain('credentials.issued')
  })

  test('are none where the requester acts as himself: he hears where to go, and nothing is sealed', async () => {
    const around = ({ credentials: _, ...provider }: Provider) => ({
      ...provider,
      environment: ({ scope }: Intent) => ({ PLACE: scope }),
    })
    const { world, intent, id } = await activeWorld({ around })
    const { principal, endsAt: expiresAt, scope } = intent
    const ask = (person: number) => issueCredentials(world.deps, id, person, { id: 's' }, never)
    expect(await ask(1001)).toEqual({ ok: true, principal, expiresAt, environment: { PLACE: scope } })
    expect(await ask(1002)).toMatchObject({ ok: false })
    expect(world.typesOf(id)).not.toContain('credentials.issued')
    await world.revoke(id)
    expect(await ask(1001)).toEqual({ ok: false, why: 'the grant is being revoked' })
  })

  test('go to nobody else, and not when the seal fails, the end has come or a revocation was asked', async () => {
    const { world, intent, id } = await activeWorld()
    const ask = (person = 1001) => issueCredentials(world.deps, id, person, { id: 's' }, never)
    expect(await ask(1002)).toEqual({ ok: false, why: 'credentials go to the requester only' })
    world.ledger.down = true
    await expect(ask()).rejects.toThrow('not sealed')
    world.ledger.down = false
    await world.revoke(id)
    expect(await ask()).toEqual({ ok: false, why: 'the grant is being revoked' })
    const late = await activeWorld()
    late.world.clock.set(intent.endsAt)
    expect(await issueCredentials(late.world.deps, late.id, 1001, { id: 's' }, never)).toMatchObject({
      ok: false,
    })
  })
})
