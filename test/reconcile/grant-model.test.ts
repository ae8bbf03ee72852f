import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Intent } from '../../app/grant/intent.ts'
import { foldLedger } from '../../app/grant/ledger-view.ts'
import type { Fault, MockCall } from '../../app/provider/mock/faults.ts'
import { type Provider, ProviderError } from '../../app/provider/port.ts'
import { createGrantReconciler } from '../../app/reconcile/grant.ts'
import { Crash, createCrashes } from '../support/memory/crash.ts'
import { anIntent } from '../support/memory/intent.ts'
import { createStall } from '../support/memory/stall.ts'
import { memoryWorld } from '../support/memory/world.ts'

const second = 1000
const never = new AbortController().signal

/** One thing that happens to a handful of grants. Times in milliseconds. */
type Happening =
  | { readonly kind: 'open'; readonly principal: string; readonly forMs: number }
  | { readonly kind: 'look'; readonly grant: number }
  /** Two workers at once: a lease was lost. */
  | { readonly kind: 'race'; readonly grant: number }
  /** A worker sleeps before one of its calls, for as long as it likes; others go on. */
  | { readonly kind: 'stalled'; readonly grant: number; readonly call: number }
  | { readonly kind: 'wake' }
  | { readonly kind: 'killed'; readonly grant: number; readonly call: number; readonly after: boolean }
  | { readonly kind: 'revoke'; readonly grant: number }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly on: MockCall }
  /** The next `ensure` gets no answer and arrives this much later. */
  | { readonly kind: 'late'; readonly byMs: number }
  /** The next call takes this long. */
  | { readonly kind: 'slow'; readonly byMs: number }
  | { readonly kind: 'sealer'; readonly down: boolean }
  | { readonly kind: 'wait'; readonly ms: number }

const grant = fc.nat(5)
const happening = (races: boolean, stalls: boolean): fc.Arbitrary<Happening> =>
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('open'),
        principal: fc.constantFrom('a', 'b'),
        forMs: fc.integer({ min: second, max: 120 * second }),
      }),
    },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('look'), grant }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('killed'), grant, call: fc.nat(25), after: fc.boolean() }),
    },
    { weight: races ? 6 : 0, arbitrary: fc.record({ kind: fc.constant('race'), grant }) },
    {
      weight: stalls ? 4 : 0,
      arbitrary: fc.record({ kind: fc.constant('stalled'), grant, call: fc.nat(25) }),
    },
    { weight: stalls ? 1 : 0, arbitrary: fc.record({ kind: fc.constant('wake') }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('revoke'), grant }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('fault'),
        fault: fc.constantFrom<Fault>(
          { kind: 'throttled', retryAfter: 3000 },
          { kind: 'conflict' },
          { kind: 'forbidden' },
          { kind: 'invalid' },
          { kind: 'unavailable' },
          { kind: 'lost' },
          { kind: 'stale' },
        ),
        on: fc.constantFrom<MockCall>('inspect', 'ensure', 'remove'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('late'), byMs: fc.nat(20 * second) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('slow'), byMs: fc.nat(8 * second) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('sealer'), down: fc.boolean() }) },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('wait'), ms: fc.oneof(fc.nat(second), fc.nat(90 * second)) }),
    },
  )

/** Every promise about grants that must hold after each happening, and what must be left in the end: nothing. */
const live = async (happenings: readonly Happening[], races: boolean, shared: boolean): Promise<void> => {
  const crashes = createCrashes()
  const stall = createStall()
  let sleeper: Promise<boolean> | undefined
  const intents: Intent[] = []
  const landing: { readonly at: number; readonly land: () => Promise<void> }[] = []
  let late: number | undefined
  let slow = 0

  const around = (mock: Provider): Provider => ({
    ...mock,
    ensure: async (intent, call) => {
      // Between the question whether we may and the call another worker may seal an end: only alone is this exact.
      if (!races && stall.at() !== 'ensure')
        expect(viewOf(intent.grant).blocked, 'ensure after a sealed end').toBe(false)
      if (stall.at() !== 'ensure')
        expect(world.clock.now(), 'ensure after the end').toBeLessThan(intent.endsAt)
      world.clock.advance(Math.max(0, Math.min(slow, call.deadline - world.clock.now())))
      slow = 0
      if (late === undefined) return mock.ensure(intent, call)
      const at = world.clock.now() + late
      late = undefined
      landing.push({
        at,
        land: () =>
          world.bindings.put({
            handle: mock.bindingKey(intent),
            grant: intent.grant,
            principal: intent.principal,
            role: intent.cloudRole,
            scope: intent.scope,
          }),
      })
      throw new ProviderError('unknown', 'no answer')
    },
    remove: async (intent, call) => {
      const key = mock.bindingKey(intent)
      const others = intents.filter(
        (other) => other.grant !== intent.grant && mock.bindingKey(other) === key && lives(other),
      )
      // One that has not saved its key has not written, and will write after us; a failed one has nothing to lose.
      const using = new Set(
        (await store.grantsSharing(key)).flatMap(({ id, state }) => (state === 'failed' ? [] : [id])),
      )
      if (!races)
        expect(
          others.filter((other) => using.has(other.grant)),
          'a shared binding removed',
        ).toEqual([])
      return mock.remove(intent, call)
    },
  })
  const world = memoryWorld({ shared, propagationMs: 2000, around })
  const { store, ledger, clock } = world
  const provider = world.deps.providers.get('mock')
  if (provider === undefined) throw new Error('no mock')
  const reconciler = createGrantReconciler({
    ...world.deps,
    store: crashes.around(store, [
      'transaction',
      'alone',
      'grant',
      'saveGrants',
      'grantsSharing',
      'openAttempt',
      'closeAttempt',
      'attempts',
      'revokeAsked',
    ]),
    ledger: crashes.around(ledger, ['stage', 'stageAll', 'sealed', 'history']),
    queue: crashes.around(world.queue, ['wake']),
    providers: new Map([['mock', crashes.around(provider, ['inspect', 'ensure', 'remove'])]]),
  })

  // Outside of transactions, which a database would end for a worker that sleeps in one.
  const sleepy = createGrantReconciler({
    ...world.deps,
    store: stall.around(store, [
      'transaction',
      'alone',
      'grant',
      'openAttempt',
      'closeAttempt',
      'attempts',
      'revokeAsked',
    ]),
    ledger: stall.around(ledger, ['sealed', 'history']),
    providers: new Map([['mock', stall.around(provider, ['inspect', 'ensure', 'remove'])]]),
  })

  const viewOf = (id: string) =>
    foldLedger(
      id,
      ledger
        .events()
        .filter(({ grant: of }) => of === id)
        .map((event) => ({ event, verified: world.keys.verify(event) })),
    )
  const lives = (intent: Intent): boolean => {
    const view = viewOf(intent.grant)
    return view.intent !== undefined && !view.blocked && clock.now() < intent.endsAt
  }
  /** @returns whether the look came to its end */
  const look = async (id: string, worker = reconciler): Promise<boolean> => {
    try {
      await worker.look(id, never)
      return true
    } catch (error) {
      const expected =
        error instanceof Crash || (error instanceof Error && /not sealed|keeps changing/.test(error.message))
      if (!expected) throw error
      return false
    }
  }
  const wait = async (to: number): Promise<void> => {
    for (const { at, land } of landing.sort((a, b) => a.at - b.at)) if (at <= to) await land()
    landing.splice(0, landing.filter(({ at }) => at <= to).length)
    clock.set(to)
  }
  const wake = async (): Promise<void> => {
    stall.wake()
    await sleeper
    sleeper = undefined
  }
  const hold = async (id: string): Promise<void> => {
    const row = await store.grant(id)
    if (row === undefined) return
    const over = ['ended', 'failed', 'refused'].includes(row.state)
    if (clock.now() >= row.endsAt && !over) {
      expect(['revoking', 'quarantined', 'provisioning']).toContain(row.state)
      if (row.state === 'provisioning')
        expect(viewOf(id).intent, 'past its end without being in revocation debt').toBeUndefined()
    }
    if (!over) expect(row.lookAt, `${row.state} without a next look`).toBeDefined()
  }

  for (const happens of happenings) {
    const intent = 'grant' in happens ? intents[happens.grant] : undefined
    switch (happens.kind) {
      case 'open': {
        if (intents.length === 6) break
        const made = anIntent(intents.length + 1, clock.now(), {
          principal: happens.principal,
          endsAt: clock.now() + happens.forMs,
        })
        intents.push(made)
        await world.open(made)
        break
      }
      case 'look':
      case 'killed':
        if (intent === undefined) break
        if (happens.kind === 'killed') crashes.plan(happens.call, happens.after)
        if (await look(intent.grant)) await hold(intent.grant)
        crashes.clear()
        break
      case 'stalled':
        await wake()
        if (intent === undefined) break
        {
          const asleep = stall.plan(happens.call)
          sleeper = look(intent.grant, sleepy)
          await Promise.race([sleeper, asleep])
        }
        break
      case 'wake':
        await wake()
        break
      case 'race':
        if (intent !== undefined) await Promise.all([look(intent.grant), look(intent.grant)])
        break
      case 'revoke':
        if (intent !== undefined) await world.revoke(intent.grant)
        break
      case 'fault':
        world.faults.plan(happens.fault, happens.on)
        break
      case 'late':
        late = happens.byMs
        break
      case 'slow':
        slow = happens.byMs
        break
      case 'sealer':
        ledger.down = happens.down
        break
      case 'wait':
        await wait(clock.now() + happens.ms)
    }
    if (!ledger.down) ledger.seal()
    for (const one of intents) {
      const row = await store.grant(one.grant)
      if (row?.state !== 'active' || !lives(one)) continue
      const there = await world.bindings.find(provider.bindingKey(one))
      expect(there, `${one.grant} is active, its binding is gone`).toBeDefined()
    }
  }

  // Trouble ends; then everything must.
  world.faults.clear()
  late = undefined
  ledger.down = false
  ledger.seal()
  const drain = async (): Promise<void> => {
    for (let pass = 0; pass < 3000; pass++) {
      const next = await store.nextLookAt()
      if (next === undefined) return
      await wait(Math.max(clock.now(), next))
      for (const { key } of await store.due(clock.now(), 100)) if (await look(key)) await hold(key)
      ledger.seal()
    }
    throw new Error('the grants do not come to rest')
  }
  await drain()
  // Whoever still sleeps wakes when everything is over.
  await wake()
  ledger.seal()
  await drain()
  await wait(clock.now() + 60 * second)
  const states = await Promise.all(intents.map(async ({ grant: id }) => (await store.grant(id))?.state))
  for (const state of states) expect(['ended', 'failed']).toContain(state)
  expect(await world.bindings.all(), 'left in the cloud').toEqual([])
  for (const { grant: id } of intents) {
    const types = world.typesOf(id)
    expect(types.filter((type) => type === 'grant.intended')).toHaveLength(1)
    expect(types.filter((type) => type === 'grant.issued').length).toBeLessThanOrEqual(1)
    expect(
      types.filter((type) => ['grant.expired', 'grant.revoked', 'grant.failed'].includes(type)),
    ).toHaveLength(1)
  }
}

const runs = Number(process.env.GITSUDO_MODEL_RUNS ?? 300)
for (const shared of [false, true]) {
  const which = shared ? 'grants that share bindings' : 'grants'
  test(`${which}, one worker each, killed anywhere, come to their end and leave nothing`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening(false, !shared), { minLength: 5, maxLength: 60, size: 'max' }),
        (happenings) => live(happenings, false, shared),
      ),
      { numRuns: runs },
    )
  }, 120_000)

  test(`${which}, worked by two at once, come to their end and leave nothing`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(happening(true, false), { minLength: 5, maxLength: 60, size: 'max' }),
        (happenings) => live(happenings, true, shared),
      ),
      { numRuns: runs },
    )
  }, 120_000)
}
