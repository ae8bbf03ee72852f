import { expect, test } from 'vitest'
import type { Decision } from '../../../app/decision/decision.ts'
import { accessWorld } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { policyWorld } from '../policy-change/world.ts'
import { approved } from './approved.ts'

type World = ReturnType<typeof accessWorld>
/** A hand in the database: the pull request's row says that its merge was decided. */
const decided = async ({ store }: World, pull: number, more: Partial<Decision> = {}): Promise<void> => {
  const row = await store.pull(repositoryId, pull)
  if (row === undefined) throw new Error('no row')
  const decision: Decision = { ...row.decision, moment: 'merge', verdict: 'denied', ...more }
  await store.transaction((tx) => store.savePull(tx, { ...row, open: false, decision }))
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
