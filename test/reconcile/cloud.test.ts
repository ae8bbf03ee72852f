import { describe, expect, test } from 'vitest'
import { gitsudo, revokeIntendedEvent } from '../../app/grant/events.ts'
import type { Provider } from '../../app/provider/port.ts'
import { createCloudReconciler, createCloudWatch, reconcileCloud } from '../../app/reconcile/cloud.ts'
import { memoryClouds } from '../support/memory/clouds.ts'
import { anIntent } from '../support/memory/intent.ts'
import { activeWorld, memoryWorld } from '../support/memory/world.ts'

const never = new AbortController().signal
const minute = 60_000
type World = ReturnType<typeof memoryWorld>

/** One comparison, after which the grants that it woke have been looked at. */
const compared = async (world: World) => {
  world.queue.take()
  const { found } = await reconcileCloud(world.deps, world.provider, never)
  for (const { queue, key } of world.queue.take()) if (queue === 'grant') await world.look(key)
  return found.map(({ finding, grant, ...rest }) => ({
    finding,
    grant,
    ...('outcome' in rest ? { outcome: rest.outcome } : {}),
  }))
}
const alertsOf = (world: World) =>
  world.log.lines.flatMap(({ level, message }) => (level === 'alert' ? [message] : []))
const driftsOf = (world: World, id: string) =>
  world.ledger.events().filter(({ type, grant }) => type === 'grant.drift' && grant === id)
/** A binding with our mark that nobody asked for. */
const plant = async (world: World, number: number, change: object = {}) => {
  const intent = anIntent(number, world.clock.now())
  const { grant, principal, cloudRole: role, scope, endsAt: expiresAt } = intent
  const binding = {
    handle: world.mock.bindingKey(intent),
    grant,
    principal,
    role,
    scope,
    expiresAt,
    ...change,
  }
  await world.bindings.put(binding)
  return { intent, binding, grant }
}

describe('a cloud compared with the ledger', () => {
  test('that has what the ledger says has nothing done to it', async () => {
    const { world, id } = await activeWorld()
    expect(await compared(world)).toEqual([])
    expect((await world.store.grant(id))?.state).toBe('active')
    expect(driftsOf(world, id)).toEqual([])
  })

  test('loses an orphan, on record before and after, and alerted', async () => {
    const { world, id } = await activeWorld()
    const { grant, binding } = await plant(world, 7)
    expect(await compared(world)).toEqual([{ finding: 'orphan', grant, outcome: 'gone' }])
    expect((await world.bindings.all()).map((one) => one.grant)).toEqual([id])
    expect(driftsOf(world, grant).map(({ data }) => data)).toMatchObject([
      { finding: 'orphan', provider: 'mock', handle: binding.handle, gone: false },
      { finding: 'orphan', provider: 'mock', handle: binding.handle, gone: true },
    ])
    expect(alertsOf(world)).toContain('grant.orphan')
    expect(await compared(world)).toEqual([])
  })

  test('loses an orphan without a transaction that lasts as long as the cloud takes', async () => {
    const open: number[] = []
    let under = 0
    const world = memoryWorld({
      around: (mock): Provider => ({
        ...mock,
        async discard(found, call) {
          open.push(under)
          return (await mock.discard?.(found, call)) ?? 'absent'
        },
      }),
    })
    const { transaction } = world.deps.store
    world.deps.store.transaction = (work) => {
      under++
      return transaction(work).finally(() => under--)
    }
    const { grant } = await plant(world, 7)
    expect(await compared(world)).toEqual([{ finding: 'orphan', grant, outcome: 'gone' }])
    expect(open).toEqual([0])
  })

  test('keeps an orphan that cannot be removed on record once, and loses it when it can be', async () => {
    const world = memoryWorld()
    const { grant } = await plant(world, 7)
    for (const kind of ['forbidden', 'unavailable'] as const) {
      world.faults.plan({ kind }, 'discard')
      expect(await compared(world)).toEqual([{ finding: 'orphan', grant, outcome: 'still there' }])
    }
    expect(driftsOf(world, grant)).toHaveLength(1)
    expect(await compared(world)).toEqual([{ finding: 'orphan', grant, outcome: 'gone' }])
    await plant(world, 7)
    expect(await compared(world)).toEqual([{ finding: 'orphan', grant, outcome: 'gone' }])
    expect(driftsOf(world, grant).map(({ data }) => data.gone)).toEqual([false, true, false, true])
  })

  test('loses what has come back after its grant was over, and not what a list may still show', async () => {
    const { world, intent, id } = await activeWorld({ propagationMs: 2000 })
    const [binding] = await world.bindings.all()
    if (binding === undefined) throw new Error('no binding')
    await world.settle()
    expect((await world.store.grant(id))?.state).toBe('ended')
    await world.bindings.put(binding)
    expect(await compared(world)).toEqual([])
    world.clock.advance(5 * minute)
    expect(await compared(world)).toEqual([{ finding: 'resurrected', grant: id, outcome: 'gone' }])
    expect(await world.bindings.all()).toEqual([])
    const [found] = driftsOf(world, id)
    expect(found).toMatchObject({
      repo: intent.repository,
      pull: intent.pull,
      data: { finding: 'resurrected' },
    })
    expect(alertsOf(world)).toContain('grant.resurrected')
    expect((await world.store.grant(id))?.state).toBe('ended')
  })

  test('has what was altered cut back to what was sealed', async () => {
    const { world, id } = await activeWorld()
    const [binding] = await world.bindings.all()
    if (binding === undefined) throw new Error('no binding')
    await world.bindings.replace({ ...binding, principal: 'mallory@example.com' })
    expect(await compared(world)).toEqual([{ finding: 'drift', grant: id }])
    expect(await world.bindings.all()).toEqual([binding])
    expect(alertsOf(world)).toContain('grant.drift')
    expect((await world.store.grant(id))?.state).toBe('active')
  })

  test('ends what is missing, and never gives it again', async () => {
    const { world, intent, id } = await activeWorld()
    await world.bindings.delete(world.mock.bindingKey(intent))
    expect(await compared(world)).toEqual([{ finding: 'missing', grant: id }])
    expect(await world.store.grant(id)).toMatchObject({ state: 'ended', cause: 'revoked externally' })
    expect(alertsOf(world)).toContain('grant.missing')
    expect(await compared(world)).toEqual([])
    expect(await world.bindings.all()).toEqual([])
  })

  test('touches no stranger: no mark, or another installation’s', async () => {
    const world = memoryWorld()
    const { binding } = await plant(world, 7, { handle: 'gitsudo-ffffffff-req-7' })
    await world.bindings.put({ ...binding, handle: 'by-hand' })
    const before = await world.bindings.all()
    expect(await compared(world)).toEqual([])
    expect(await world.bindings.all()).toEqual(before)
  })

  test('one place of which cannot be read is compared in the others: what is not seen there is not missing', async () => {
    const { world, id } = await activeWorld()
    const { grant } = await plant(world, 7, { scope: 'elsewhere' })
    world.faults.plan({ kind: 'away', place: anIntent(1, world.clock.now()).scope }, 'list')
    expect(await compared(world)).toEqual([{ finding: 'orphan', grant, outcome: 'gone' }])
    expect((await world.store.grant(id))?.state).toBe('active')
  })

  test('that cannot say what it has is not compared', async () => {
    const { world, id } = await activeWorld()
    world.faults.plan({ kind: 'unavailable' }, 'list')
    await expect(compared(world)).rejects.toMatchObject({ kind: 'unavailable' })
    expect((await world.store.grant(id))?.state).toBe('active')
  })
})

describe('while a list is read', () => {
  /** A list as of before `meanwhile`, which then happens. */
  const staleWorld = (meanwhile: (world: World) => Promise<unknown>, shared = false): World => {
    let world: World | undefined
    let happened = false
    world = memoryWorld({
      shared,
      around: (mock): Provider => ({
        ...mock,
        list: async (call, intents) => {
          const listed = await mock.list(call, intents)
          if (!happened && world !== undefined) {
            happened = true
            await meanwhile(world)
          }
          return listed
        },
      }),
    })
    return world
  }

  test('a grant that comes is neither missing nor a stray', async () => {
    const world = staleWorld(async (at) => at.look(await at.open(anIntent(1, at.clock.now()))))
    expect(await compared(world)).toEqual([])
    expect(await world.bindings.all()).toHaveLength(1)
  })

  test('a grant that goes is no resurrection', async () => {
    const intent = anIntent(1, memoryWorld().clock.now())
    const world = staleWorld(async (at) => {
      await at.revoke(intent.grant)
      await at.look(intent.grant)
    })
    await world.look(await world.open(intent))
    expect(await compared(world)).toEqual([])
    expect((await world.store.grant(intent.grant))?.state).toBe('ended')
    expect(driftsOf(world, intent.grant)).toEqual([])
  })

  test('a planted binding whose grant comes meanwhile is left to that grant', async () => {
    const intent = anIntent(7, memoryWorld().clock.now())
    // Between the first verdict, which is put on record, and the last look.
    const world: World = memoryWorld()
    await plant(world, 7)
    const { stage } = world.ledger
    let opened = false
    world.deps.ledger.stage = async (tx, event) => {
      const staged = await stage(tx, event)
      if (event.type === 'grant.drift' && !opened) {
        opened = true
        await world.open(intent).then((id) => world.look(id))
      }
      return staged
    }
    expect(await compared(world)).toEqual([{ finding: 'orphan', grant: intent.grant, outcome: 'left' }])
    expect(await world.bindings.all()).toHaveLength(1)
    expect((await world.store.grant(intent.grant))?.state).toBe('active')
  })

  test('nobody opens a grant between the last look and the removal of what carries its mark', async () => {
    const order: string[] = []
    const discarding = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<void>()
    const world: World = memoryWorld({
      around: (mock) => ({
        ...mock,
        discard: async (found, call) => {
          order.push('discard')
          discarding.resolve()
          await answer.promise
          const gone = await mock.discard?.(found, call)
          order.push('discarded')
          return gone ?? 'removing'
        },
      }),
    })
    const { intent, grant } = await plant(world, 7)
    const comparing = reconcileCloud(world.deps, world.provider, never)
    await discarding.promise
    const opening = world.open(intent).then(() => order.push('opened'))
    await new Promise(setImmediate)
    answer.resolve()
    await Promise.all([comparing, opening])
    expect(order).toEqual(['discard', 'discarded', 'opened'])
    await world.look(grant)
    expect((await world.store.grant(grant))?.state).toBe('active')
    expect(await world.bindings.all()).toHaveLength(1)
  })

  test('a shared binding stays for whoever still uses it', async () => {
    const world = memoryWorld({ shared: true })
    const now = world.clock.now()
    const [first, second] = [anIntent(1, now, { endsAt: now + 20 * minute }), anIntent(2, now)]
    for (const intent of [first, second]) await world.look(await world.open(intent))
    await world.settle(first.endsAt + 5 * minute)
    expect((await world.store.grant(first.grant))?.state).toBe('ended')
    expect(await compared(world)).toEqual([])
    expect((await world.bindings.all()).map(({ grant }) => grant)).toEqual([first.grant])
    await world.settle()
    expect(await world.bindings.all()).toEqual([])
  })
})

describe('since the store was restored from a backup', () => {
  test('a row that is lost takes nothing from the ledger: its access is taken away by its own reconciler', async () => {
    const { world, id } = await activeWorld()
    world.store.remove(id)
    expect(await compared(world)).toEqual([])
    expect(driftsOf(world, id)).toEqual([])
    expect(await world.bindings.all()).toHaveLength(1)
    await world.look(id)
    expect(await world.store.grant(id)).toMatchObject({ state: 'ended', cause: 'revoked' })
    expect(await world.bindings.all()).toEqual([])
  })

  test('a grant that the ledger lost is an orphan', async () => {
    const { world, intent } = await activeWorld()
    const restored = memoryWorld()
    for (const binding of await world.bindings.all()) await restored.bindings.put(binding)
    expect(await compared(restored)).toEqual([{ finding: 'orphan', grant: intent.grant, outcome: 'gone' }])
    expect(await restored.bindings.all()).toEqual([])
  })

  test('a row that says active after a sealed revoke keeps nothing, and is no resurrection', async () => {
    const { world, id, intent } = await activeWorld()
    const at = { id, repository: intent.repository, pull: intent.pull }
    world.ledger.insert(world.keys.sign(revokeIntendedEvent(at, world.clock.now(), gitsudo, 'x')))
    expect(await compared(world)).toEqual([])
    await world.look(id)
    expect(await world.bindings.all()).toEqual([])
  })
})

test('a cloud is compared every ten minutes, by one replica, and again after trouble', async () => {
  const world = memoryWorld()
  const clouds = memoryClouds()
  const deps = { ...world.deps, store: { ...world.store, ...clouds } }
  const [one, two] = [createCloudReconciler(deps), createCloudReconciler(deps)]
  const listed = async () => {
    const said = world.log.lines.length
    for (const replica of [one, two]) await replica.look('mock', never)
    return world.log.lines.slice(said).map(({ message }) => message)
  }
  expect(await listed()).toEqual([])
  await clouds.knowClouds(['mock'], world.clock.now())
  expect(await listed()).toEqual(['cloud compared'])
  world.clock.advance(10 * minute - 1)
  expect(await listed()).toEqual([])
  world.clock.advance(1)
  world.faults.plan({ kind: 'throttled' }, 'list')
  expect(await listed()).toEqual(['cloud.unreadable'])
  expect(await clouds.clouds()).toEqual([{ provider: 'mock', lookedAt: world.clock.now() - 10 * minute }])
  world.clock.advance(10 * minute)
  expect(await listed()).toEqual(['cloud compared'])
})

test('a place that cannot be read is alerted once, and again when it ails anew', async () => {
  const world = memoryWorld()
  const clouds = memoryClouds()
  const cloud = createCloudReconciler({ ...world.deps, store: { ...world.store, ...clouds } })
  await clouds.knowClouds(['mock'], world.clock.now())
  const alerted = async (...away: readonly string[]) => {
    for (const place of away) world.faults.plan({ kind: 'away', place }, 'list')
    const said = world.log.lines.length
    world.clock.advance(10 * minute)
    await cloud.look('mock', never)
    return world.log.lines
      .slice(said)
      .flatMap(({ level, message, fields }) => (level === 'alert' ? [`${message} ${fields.place}`] : []))
  }
  expect(await alerted('here')).toEqual(['cloud.unreadable here'])
  expect(await alerted('here')).toEqual([])
  // What was read elsewhere counts.
  expect(await clouds.clouds()).toEqual([{ provider: 'mock', lookedAt: world.clock.now() }])
  expect(await alerted('there')).toEqual(['cloud.unreadable there'])
  expect(await alerted('here')).toEqual(['cloud.unreadable here'])
  expect(await alerted()).toEqual([])
})

test('revocation debt alerts by its age, cloud by cloud', async () => {
  const { world, intent } = await activeWorld()
  const clouds = memoryClouds()
  const cloud = createCloudReconciler({ ...world.deps, store: { ...world.store, ...clouds } })
  await clouds.knowClouds(['mock'], world.clock.now())
  const debts = async (at: number) => {
    world.clock.set(at)
    await cloud.look('mock', never)
    return world.log.lines.filter(({ message }) => message === 'grant.revocation_debt')
  }
  expect(await debts(intent.endsAt + 7 * minute - 1)).toEqual([])
  expect(await debts(intent.endsAt + 17 * minute)).toMatchObject([
    { level: 'alert', fields: { provider: 'mock', count: 1, oldestSeconds: 1020 } },
  ])
})

test('revocation debt ahead of its end is as old as its revocation', async () => {
  const { world, intent } = await activeWorld()
  const clouds = memoryClouds()
  const cloud = createCloudReconciler({ ...world.deps, store: { ...world.store, ...clouds } })
  const began = world.clock.now()
  await clouds.knowClouds(['mock'], began)
  for (let n = 0; n < 100; n++) world.faults.plan({ kind: 'conflict' }, 'remove')
  await world.revoke(intent.grant)
  await world.look(intent.grant)
  await world.settle(began + 12 * minute)
  world.clock.set(began + 12 * minute)
  await cloud.look('mock', never)
  expect(world.log.lines.filter(({ message }) => message === 'grant.revocation_debt')).toMatchObject([
    { level: 'alert', fields: { provider: 'mock', count: 1, oldestSeconds: 720 } },
  ])
})

test('what a comparison finds is counted', async () => {
  const { world, intent } = await activeWorld()
  const clouds = memoryClouds()
  const counted: string[] = []
  const found = (...what: readonly string[]) => void counted.push(what.join(' '))
  const cloud = createCloudReconciler({ ...world.deps, store: { ...world.store, ...clouds }, found })
  await clouds.knowClouds(['mock'], world.clock.now())
  await world.bindings.delete(world.provider.bindingKey(intent))
  await cloud.look('mock', never)
  expect(counted).toEqual(['mock missing'])
})

test('a cloud that nobody has compared for half an hour is alerted every ten minutes, by whichever replica', async () => {
  const world = memoryWorld()
  const clouds = memoryClouds()
  await clouds.knowClouds(['mock', 'no longer configured'], world.clock.now())
  const watch = createCloudWatch({ ...world.deps, store: clouds })
  const after = async (ms: number) => {
    world.clock.advance(ms)
    const said = world.log.lines.length
    await watch()
    return world.log.lines.slice(said)
  }
  expect(await after(30 * minute - 1)).toEqual([])
  const stale = (ageSeconds: number) => [
    { level: 'alert', message: 'cloud.stale', fields: { provider: 'mock', ageSeconds } },
  ]
  expect(await after(1)).toMatchObject(stale(1_800))
  expect(await after(10 * minute - 1)).toEqual([])
  expect(await after(1)).toMatchObject(stale(2_400))
  await clouds.cloudLooked('mock', world.clock.now())
  expect(await after(30 * minute - 1)).toEqual([])
  expect(await after(1)).toMatchObject(stale(1_800))
})
