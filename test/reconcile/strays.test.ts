import { afterEach, expect, test } from 'vitest'
import { type Provider, ProviderError } from '../../app/provider/port.ts'
import { reconcileCloud } from '../../app/reconcile/cloud.ts'
import { kubernetesWorld } from '../support/kubernetes.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryWorld } from '../support/memory/world.ts'

const never = new AbortController().signal
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

type World = ReturnType<typeof memoryWorld>
const toldOf = (world: World) =>
  world.ledger
    .events()
    .flatMap(({ type, data }) => (type === 'grant.drift' ? [`${data.finding} ${data.gone}`] : []))
/** A binding with our mark that nobody asked for. */
const plant = async (world: World, number: number): Promise<void> => {
  const intent = anIntent(number, world.clock.now())
  const { grant, principal, cloudRole: role, scope } = intent
  await world.bindings.put({ handle: world.mock.bindingKey(intent), grant, principal, role, scope })
}
const compared = async (world: World) =>
  (await reconcileCloud(world.deps, world.provider, never)).found.map((one) =>
    'outcome' in one ? `${one.finding} ${one.outcome}` : one.finding,
  )

test('an orphan whose removal was never answered is on record as gone once it is read absent', async () => {
  const world = memoryWorld()
  await plant(world, 7)
  world.faults.plan({ kind: 'lost' }, 'discard')
  expect(await compared(world)).toEqual(['orphan still there'])
  expect(await world.bindings.all()).toEqual([])
  expect(toldOf(world)).toEqual(['orphan false'])
  world.faults.plan({ kind: 'unavailable' }, 'discard')
  expect(await compared(world)).toEqual([])
  expect(toldOf(world)).toEqual(['orphan false'])
  for (const _ of [1, 2]) {
    expect(await compared(world)).toEqual([])
    expect(toldOf(world)).toEqual(['orphan false', 'orphan true'])
  }
})

test('one that others took away is on record as gone', async () => {
  const world = memoryWorld()
  await plant(world, 7)
  world.faults.plan({ kind: 'forbidden' }, 'discard')
  await compared(world)
  for (const { handle } of await world.bindings.all()) await world.bindings.delete(handle)
  await compared(world)
  expect(toldOf(world)).toEqual(['orphan false', 'orphan true'])
})

test('what came back after its grant was over is on record as gone, too', async () => {
  const world = memoryWorld()
  const intent = anIntent(1, world.clock.now())
  await world.look(await world.open(intent))
  const [binding] = await world.bindings.all()
  if (binding === undefined) throw new Error('no binding')
  await world.settle()
  world.clock.advance(5 * 60_000)
  await world.bindings.put(binding)
  world.faults.plan({ kind: 'lost' }, 'discard')
  await compared(world)
  await compared(world)
  expect(toldOf(world)).toEqual(['resurrected false', 'resurrected true'])
  expect(world.ledger.events().findLast(({ type }) => type === 'grant.drift')).toMatchObject({
    repo: intent.repository,
    pull: intent.pull,
  })
})

test('the place of one that a grant has got meanwhile is left to that grant', async () => {
  const world = memoryWorld()
  await plant(world, 7)
  world.faults.plan({ kind: 'lost' }, 'discard')
  await compared(world)
  const intent = anIntent(7, world.clock.now())
  await world.look(await world.open(intent))
  // As a list shows it that is older than the grant.
  const cloud: Provider = { ...world.provider, list: async () => ({ bindings: [], unread: [] }) }
  await reconcileCloud(world.deps, cloud, never)
  expect((await world.bindings.all()).map(({ grant }) => grant)).toEqual([intent.grant])
  expect(toldOf(world)).toEqual(['orphan false'])
})

test('on Kubernetes the Secret of one goes with it, also where it was not to be had at first', async () => {
  const { cluster, clock, provider, withTokens, intent, call } = await kubernetesWorld()
  closing.push(() => cluster.close())
  const world = memoryWorld()
  world.clock.set(clock.now())
  const cloud = provider('ours', [withTokens])
  await cloud.ensure(intent(1, { principal: 'serviceaccount:people/person-1' }), call())
  cluster.faults.plan({ answer: 'forbidden', on: ['DELETE'], about: '/people/secrets', count: 2 })
  for (const secrets of [1, 1, 0]) {
    await reconcileCloud(world.deps, cloud, never)
    expect([cluster.all('RoleBinding', 'checkout').length, cluster.all('Secret').length]).toEqual([
      0,
      secrets,
    ])
  }
  expect(toldOf(world)).toEqual(['orphan false', 'orphan true'])
})

test('where the cloud cannot be asked at all, nothing is said of it', async () => {
  const world = memoryWorld()
  await plant(world, 7)
  world.faults.plan({ kind: 'lost' }, 'discard')
  await compared(world)
  const away: Provider = {
    ...world.provider,
    list: () => Promise.reject(new ProviderError('unavailable', 'away')),
  }
  await expect(reconcileCloud(world.deps, away, never)).rejects.toThrow('away')
  expect(toldOf(world)).toEqual(['orphan false'])
})

test('what was found before is asked for after what is found now, which no trouble with it keeps back', async () => {
  const world = memoryWorld()
  await plant(world, 7)
  world.faults.plan({ kind: 'lost' }, 'discard')
  await compared(world)
  await plant(world, 8)
  const asked: string[] = []
  const [before, now] = [7, 8].map((number) => anIntent(number, world.clock.now()).grant)
  const cloud: Provider = {
    ...world.provider,
    async discard(found, call) {
      asked.push(found.grant)
      if (found.grant === before) throw new Error('the ledger is away')
      return (await world.provider.discard?.(found, call)) ?? 'absent'
    },
  }
  expect((await reconcileCloud(world.deps, cloud, never)).found).toMatchObject([
    { grant: now, outcome: 'gone' },
  ])
  expect(asked).toEqual([now, before])
})

test('of a copy, the cloud is told whether the grant itself lives on', async () => {
  const world = memoryWorld()
  const intent = anIntent(1, world.clock.now())
  const row = await world.open(intent)
  await world.look(row)
  const handle = world.mock.bindingKey(anIntent(2, world.clock.now()))
  const told: unknown[] = []
  const cloud: Provider = {
    ...world.provider,
    async discard(found, call) {
      told.push([found.handle, found.lives])
      return (await world.provider.discard?.(found, call)) ?? 'absent'
    },
  }
  const copy = async () => {
    const { grant, principal, cloudRole: role } = intent
    await world.bindings.put({ handle, grant, principal, role, scope: 'elsewhere' })
    await reconcileCloud(world.deps, cloud, never)
  }
  await copy()
  expect((await world.bindings.all()).map((one) => one.handle)).toEqual([world.mock.bindingKey(intent)])
  world.clock.set(intent.endsAt)
  await world.look(row)
  await world.settle()
  world.clock.advance(5 * 60_000)
  await copy()
  expect(told).toEqual([
    [handle, true],
    [handle, false],
  ])
})

test('while a place cannot be read, nothing that was found before is asked for: each would wait for its own answer', async () => {
  const world = memoryWorld()
  await plant(world, 7)
  world.faults.plan({ kind: 'lost' }, 'discard')
  await compared(world)
  const unread = [{ place: 'staging', kind: 'unavailable' as const, why: 'away' }]
  const cloud: Provider = { ...world.provider, list: async () => ({ bindings: [], unread }) }
  await reconcileCloud(world.deps, cloud, never)
  expect(toldOf(world)).toEqual(['orphan false'])
  await compared(world)
  expect(toldOf(world)).toEqual(['orphan false', 'orphan true'])
})
