import { expect, test } from 'vitest'
import { readGrounds } from '../../../app/decision/grounds.ts'
import type { Refusal } from '../../../app/grant/grantable/asked.ts'
import { type Limits, type Provider, ProviderError } from '../../../app/provider/port.ts'
import type { Evidence } from '../../../app/reconcile/ports/evaluator.ts'
import { type AccessWorld, accessWorld, filePath, requestFile } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { approved, minute } from './approved.ts'

const full: Refusal = { needed: 'room for one more', had: 'the place is full', remedy: 'make room' }
const nothing: Limits = () => []
const refusing: Limits = () => [full]

/** A world whose cloud tells its limits as `tell` says, and how often it was asked. */
const limitedWorld = (tell: () => Promise<Limits>, more: Parameters<typeof accessWorld>[0] = {}) => {
  const asked: { readonly cloudRole: string; readonly scope: string }[] = []
  const limits: NonNullable<Provider['limits']> = async (of) => {
    asked.push(of)
    return tell()
  }
  const world = accessWorld({ ...more, cloud: (mock) => ({ ...mock, limits }) })
  const decision = async (pull: number) => (await world.store.pull(repositoryId, pull))?.decision
  return { ...world, asked, decision }
}

/** Open and approved, to start in an hour. */
const approvedForLater = async (world: AccessWorld): Promise<number> => {
  world.push('a', { [filePath('a')]: requestFile('a', world.clock.now() + 60 * minute) }, 'alice')
  const pull = world.open('a', 'alice')
  await world.settle()
  world.review(pull, 'bob')
  await world.settle()
  return pull
}

test('what the cloud would refuse is said on the pull request, and approved once there is room', async () => {
  let said = refusing
  const world = limitedWorld(async () => said)
  const pull = await approved(world)
  expect(await world.states(pull)).toEqual({ a: 'denied' })
  expect(await world.decision(pull)).toMatchObject({
    verdict: 'denied',
    summary: expect.stringContaining('the place is full'),
    requests: [{ hints: ['make room; then have the check run again'] }],
  })
  expect(world.asked).toEqual([{ cloudRole: 'reader', scope: 'one' }])
  said = nothing
  await world.pass(minute)
  await world.lookAtPull(pull)
  expect(await world.states(pull)).toEqual({ a: 'approved' })
})

test('what filled up since is refused at the merge, for good, and no intent is sealed', async () => {
  let said = nothing
  const world = limitedWorld(async () => said)
  const pull = await approved(world)
  expect(await world.states(pull)).toEqual({ a: 'approved' })
  said = refusing
  await world.pass(minute / 2)
  await world.merge(pull, 'alice')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'refused' })
  expect(world.typesOf('a')).not.toContain('grant.intended')
  const refused = world.ledger.events().find(({ type }) => type === 'grant.refused')
  expect(refused?.data.why).toContain('the place is full')
  said = nothing
  await world.pass(minute)
  await world.lookAtPull(pull)
  expect(await world.states(pull)).toEqual({ a: 'refused' })
})

test('what filled up before a later start is refused at that start', async () => {
  let said = nothing
  const world = limitedWorld(async () => said)
  const pull = await approvedForLater(world)
  await world.merge(pull, 'alice')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'scheduled' })
  said = refusing
  await world.pass(60 * minute)
  expect(await world.states(pull)).toEqual({ a: 'refused' })
  expect(world.typesOf('a')).not.toContain('grant.intended')
})

test('what is full at the merge of what starts later is asked about at its start, and may have room then', async () => {
  let said = nothing
  const world = limitedWorld(async () => said)
  const pull = await approvedForLater(world)
  said = refusing
  await world.pass(minute / 2)
  await world.merge(pull, 'alice')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'scheduled' })
  said = nothing
  await world.pass(60 * minute)
  expect(await world.states(pull)).toEqual({ a: 'active' })
})

test('limits are asked as of the start', async () => {
  const seen: number[] = []
  const world = limitedWorld(async () => ({ startsAt }) => {
    seen.push(startsAt)
    return []
  })
  const startsAt = world.clock.now() + 60 * minute
  world.push('a', { [filePath('a')]: requestFile('a', startsAt) }, 'alice')
  world.open('a', 'alice')
  world.request('b')
  await world.settle()
  expect(new Set(seen)).toEqual(new Set([startsAt, world.clock.now()]))
})

const away = async (): Promise<Limits> => {
  throw new ProviderError('unavailable', 'the cloud is away')
}
const hanging = () => new Promise<Limits>(() => undefined)
const broken = async (): Promise<Limits> => () => {
  throw new TypeError('not thought of')
}

test.each([
  ['is away', away],
  ['refuses to tell', async () => Promise.reject(new ProviderError('forbidden', 'not you'))],
  ['never answers', hanging],
  ['tells what nobody understands', broken],
])('a cloud that %s holds up no verdict and refuses nothing', async (_, tell) => {
  const world = limitedWorld(tell, { patience: 10 })
  const pull = await approved(world)
  expect(await world.states(pull)).toEqual({ a: 'approved' })
  await world.merge(pull, 'alice')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'active' })
})

test('of a cloud that hangs one question waits, and who comes after its time waits for nothing', async () => {
  // Whoever waited anew would wait for ever.
  const world = limitedWorld(hanging, { patience: 10 })
  for (const name of ['a', 'b', 'c']) {
    const pull = world.request(name)
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    await world.merge(pull, 'alice')
    await world.settle()
    expect(await world.states(pull)).toEqual({ [name]: 'active' })
  }
  expect(world.asked).toHaveLength(1)
})

test('an answer that comes late counts from then on', async () => {
  const late = Promise.withResolvers<Limits>()
  const world = limitedWorld(() => late.promise, { patience: 10 })
  const pull = world.request('a')
  await world.settle()
  expect(await world.decision(pull)).toMatchObject({ verdict: 'action_required' })
  late.resolve(refusing)
  await world.lookAtPull(pull)
  expect(await world.decision(pull)).toMatchObject({ verdict: 'denied' })
  expect(world.asked).toHaveLength(1)
})

test('forecasts ask of a place once a minute, verdicts anew, and those of the same moment once', async () => {
  const world = limitedWorld(async () => nothing)
  const pulls = ['a', 'b', 'c'].map((name) => world.request(name))
  await world.settle()
  for (const pull of pulls) world.review(pull, 'bob')
  await world.settle()
  expect(world.asked).toHaveLength(1)
  await world.pass(minute / 2)
  for (const pull of pulls) await world.merge(pull, 'alice')
  await world.settle()
  expect(world.asked).toHaveLength(2)
  world.push('d', { [filePath('d')]: requestFile('d', undefined, 'writer') }, 'alice')
  world.open('d', 'alice')
  await world.settle()
  expect(world.asked.slice(2)).toEqual([{ cloudRole: 'writer', scope: 'one' }])
})

test('nobody asks about what the catalogue does not offer', async () => {
  const world = limitedWorld(async () => refusing)
  const wrong = [
    requestFile('a', undefined, 'nobody'),
    requestFile('b').replace('scope: one', 'scope: two'),
    requestFile('c').replace('duration: 2h', 'duration: 9h'),
    requestFile('d').replace('requester: alice', 'requester: mallory'),
  ]
  for (const [at, text] of wrong.entries()) {
    world.push(`wrong-${at}`, { [filePath(`wrong-${at}`)]: text }, 'alice')
    world.open(`wrong-${at}`, 'alice')
  }
  await world.settle()
  expect(world.asked).toEqual([])
})

test('the answer is on record among the facts, and none where there was none', async () => {
  const limitsIn = async (tell: () => Promise<Limits>) => {
    const world = limitedWorld(tell)
    const { stage } = world.deps.ledger
    const kept: Evidence[] = []
    world.deps.ledger.stage = (tx, event, evidence = []) => {
      kept.push(...evidence)
      return stage(tx, event, evidence)
    }
    world.request('a')
    await world.settle()
    const { data } = world.ledger.events().find(({ type }) => type === 'request.evaluated') ?? {}
    const facts = kept.find(({ digest }) => digest === data?.facts)
    return facts && readGrounds(facts.bytes)?.facts.requests[0]
  }
  expect((await limitsIn(async () => refusing))?.limits).toEqual([full])
  expect((await limitsIn(async () => nothing))?.limits).toEqual([])
  expect(Object.keys((await limitsIn(away)) ?? { limits: true })).not.toContain('limits')
})
