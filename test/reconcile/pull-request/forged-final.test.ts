import { describe, expect, test } from 'vitest'
import type { Decision } from '../../../app/decision/decision.ts'
import type { RequestState } from '../../../app/grant/state.ts'
import { accessWorld } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { policyWorld } from '../policy-change/world.ts'
import { approved, away, minute } from './approved.ts'

type World = ReturnType<typeof accessWorld>
/** A hand in the database: the pull request's row says that its merge was decided. */
const decided = async ({ store }: World, pull: number, more: Partial<Decision> = {}): Promise<void> => {
  const row = await store.pull(repositoryId, pull)
  if (row === undefined) throw new Error('no row')
  const decision: Decision = { ...row.decision, moment: 'merge', verdict: 'denied', ...more }
  await store.transaction((tx) => store.savePull(tx, { ...row, open: false, decision }))
}
/** The same hand, on its request's row. @returns the state that it had */
const rewrite = async ({ store }: World, pull: number, state: RequestState): Promise<RequestState> => {
  const [row] = await store.requestsOfPull(repositoryId, pull)
  if (row === undefined) throw new Error('no request')
  await store.transaction((tx) => store.saveRequest(tx, { ...row, state }))
  return row.state
}

test('a row that says that the merge was decided keeps nobody from deciding it', async () => {
  const world = accessWorld()
  const refused = world.request('b')
  const pull = await approved(world)
  for (const one of [pull, refused]) {
    await decided(world, one, { verdict: 'passed', requests: [] })
    await world.merge(one, 'carol')
  }
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'active' })
  expect(await world.states(refused)).toEqual({ b: 'refused' })
  expect(world.alerts()).toContain('grant.refused')
  // Decided once: what is on record is final.
  const events = world.ledger.events().length
  for (const one of [pull, refused]) await world.lookAtPull(one)
  await world.settle()
  expect(world.ledger.events()).toHaveLength(events)
})

test.each(['sealed', 'waiting for its seal'])(
  'an intent that is %s is refused by no trouble past grantWindow, though its rows say that it waits',
  async (how) => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.merge(pull, 'carol')
    const { seal } = world.ledger
    if (how === 'sealed') await world.settle()
    else {
      world.ledger.seal = () => undefined
      await expect(world.lookAtPull(pull)).rejects.toThrow('not sealed in time')
    }
    await decided(world, pull, { moment: 'forecast' })
    expect(await rewrite(world, pull, 'pending')).toBe('granted')
    world.clock.advance(61 * minute)
    world.meet((call) => (call === 'reviews' ? away() : undefined))
    await world.lookAtPull(pull)
    Object.assign(world.ledger, { seal })
    seal()
    expect(world.ledger.events().map(({ type }) => type)).toContain('grant.intended')
    expect(world.ledger.events().map(({ type }) => type)).not.toContain('grant.refused')
  },
)

test('what waits is not refused past grantWindow while the ledger lacks events', async () => {
  const world = accessWorld()
  const pull = await approved(world)
  const { standing } = world.ledger
  world.ledger.standing = async () => ({ ...(await standing()), broken: 'event 1 is gone' })
  await world.merge(pull, 'carol')
  await world.settle()
  await world.pass(61 * minute)
  expect(await world.states(pull)).toEqual({ a: 'approved' })
  world.ledger.standing = standing
  await world.pass(10 * minute)
  expect(await world.states(pull)).toEqual({ a: 'refused' })
})

describe.each(['granted', 'refused'] as const)('a request of which its row alone says %s', (state) => {
  test.each([
    ['that nobody approved is refused', 'grant.refused', async (world: World) => world.request('a')],
    ['that was approved is granted', 'grant.intended', approved],
  ])('%s at the merge, and people are told', async (_, said, ask) => {
    const world = accessWorld()
    const pull = await ask(world)
    await world.settle()
    await rewrite(world, pull, state)
    await world.merge(pull, 'carol')
    await world.settle()
    expect(world.ledger.events().map(({ type }) => type)).toContain(said)
    expect(world.alerts()).toContain('request.row_differs')
  })

  test('is refused when trouble outlasts grantWindow', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await rewrite(world, pull, state)
    world.meet((call) => (call === 'reviews' ? away() : undefined))
    await world.merge(pull, 'carol')
    await world.settle()
    await world.pass(61 * minute)
    expect(world.typesOf('a')).toContain('grant.refused')
  })

  test('is decided anew while it is open', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    await rewrite(world, pull, state)
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'approved' })
    expect(world.alerts()).toEqual(['request.row_differs'])
  })
})

test('a row that says that policies were decided keeps nobody from accepting them', async () => {
  const world = policyWorld()
  const pull = world.propose('denied')
  await world.settle()
  world.review(pull, 'carol')
  await world.settle()
  await decided(world, pull)
  const commit = await world.land(pull)
  expect(await world.accepted()).toBe(commit)
  await decided(world, pull, { verdict: 'passed' })
  await world.lookAtPull(pull)
  await world.settle()
  expect(world.policyEvents().filter((type) => type === 'policy.accepted')).toHaveLength(1)
})
