// A hand in the database files an event under a request, or puts one there that gitsudo never signed: whoever asks is
// told, nobody else waits for it, and it gives no authority (trust.md 5.1, 5.2).
import { expect, test } from 'vitest'
import type { EventType, LedgerEvent } from '../../../app/audit/event.ts'
import { accessWorld } from '../../support/memory/access-world.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { approved } from './approved.ts'

type World = ReturnType<typeof accessWorld>

/** From now on a row filed under the id is not what was sealed. */
const misfile = ({ ledger }: World, id: string) => {
  const { history } = ledger
  ledger.history = async (asked) => {
    if (asked !== id) return history(asked)
    throw Object.assign(new Error('Event 7 was altered after it was sealed'), { code: 'tampered' })
  }
}
const idOf = async ({ store }: World, pull: number): Promise<string> => {
  const [row] = await store.requestsOfPull(repositoryId, pull)
  if (row === undefined) throw new Error('no request')
  return row.id
}
const unsigned = (type: EventType, request: string, pull: number): LedgerEvent => ({
  v: 1,
  type,
  at: '2026-12-01T00:00:00.000Z',
  actor: { kind: 'app', id: 'gitsudo' },
  request,
  repo: repositoryId,
  pull,
  data: { path: 'requests/2027/01/a.yaml', why: 'forged' },
})
const said = (world: World, type: EventType) => world.ledger.events().filter((one) => one.type === type)

test('what is filed under one request refuses it, and nobody else', async () => {
  const world = accessWorld()
  const [one, other] = [await approved(world, 'a'), await approved(world, 'b')]
  misfile(world, await idOf(world, one))
  for (const pull of [one, other]) await world.merge(pull, 'carol')
  await world.settle()
  expect(await world.states(one)).toEqual({ a: 'refused' })
  expect(await world.states(other)).toEqual({ b: 'active' })
  expect(world.alerts()).toEqual(expect.arrayContaining(['ledger.altered', 'grant.refused']))
})

test.each(['grant.refused', 'grant.intended'] as const)(
  'a %s that gitsudo did not sign stands in for no refusal, and gives nothing',
  async (type) => {
    const world = accessWorld()
    const pull = await approved(world)
    world.ledger.insert(unsigned(type, await idOf(world, pull), pull))
    await world.merge(pull, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'refused' })
    expect(said(world, 'grant.refused').filter((event) => world.deps.keys.verify(event))).toHaveLength(1)
    const events = world.ledger.events().length
    await world.lookAtPull(pull)
    await world.settle()
    expect(world.ledger.events()).toHaveLength(events)
  },
)

test('each refusal at a merge is signed, with all that it rests on', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  await world.merge(pull, 'carol')
  await world.settle()
  const [refusal] = said(world, 'grant.refused')
  expect(refusal && world.deps.keys.verify(refusal)).toBe(true)
  expect(refusal?.data.evidence).not.toEqual([])
})
