import { expect, test } from 'vitest'
import { azureWorld, person } from '../support/azure.ts'
import { memoryWorld } from '../support/memory/world.ts'

const minute = 60_000

/** Two grants that share one assignment under PIM, of an hour and of eight, given ten minutes ago. */
const sharing = async () => {
  const world = memoryWorld()
  const w = await azureWorld('pim', world.clock)
  world.deps.providers.set('azure', w.provider())
  const short = w.intent(1)
  const long = w.intent(2, { principal: short.principal, endsAt: short.startsAt + 480 * minute })
  for (const intent of [short, long]) await world.look(await world.open(intent))
  const end = () => w.azure.pim.active()[0]?.endsAt
  expect(end()).toBe(long.endsAt)
  world.clock.advance(10 * minute)
  return { world, w, short, long, end, state: async () => (await world.store.grant(long.grant))?.state }
}

test('what a shared assignment lasted longer for one grant goes with it, and is nobody’s drift', async () => {
  const { world, w, short, long, end, state } = await sharing()
  await world.revoke(long.grant)
  await world.look(long.grant)
  expect([await state(), end()]).toEqual(['ended', short.endsAt])
  await world.look(short.grant)
  expect(world.typesOf(short.grant)).not.toContain('grant.drift')
  const updates = w.azure.pim.requests(person(1)).filter(({ requestType }) => requestType === 'AdminUpdate')
  expect(updates).toHaveLength(2)
  await w.azure.close()
})

test('a revocation is not done before that end is moved', async () => {
  const { world, w, short, long, end, state } = await sharing()
  const heal = w.azure.faults.plan({ answer: 'unavailable', on: ['roleAssignmentScheduleRequests/write'] })
  await world.revoke(long.grant)
  await world.look(long.grant)
  expect([await state(), end()]).toEqual(['revoking', long.endsAt])
  heal()
  await world.settle(short.endsAt - minute)
  expect([await state(), end()]).toEqual(['ended', short.endsAt])
  await w.azure.close()
})

test('a shared assignment stays for a grant whose principal is written in another way', async () => {
  const world = memoryWorld()
  const w = await azureWorld('role_assignment', world.clock)
  world.deps.providers.set('azure', w.provider())
  const first = w.intent(1)
  const principal = `user:${first.principal.toUpperCase()}`
  const second = w.intent(2, { principal, endsAt: first.startsAt + 480 * minute })
  for (const intent of [first, second]) await world.look(await world.open(intent))
  await world.revoke(first.grant)
  await world.look(first.grant)
  expect((await world.store.grant(first.grant))?.state).toBe('ended')
  expect(w.getsIn(first)).toBe(true)
  await world.revoke(second.grant)
  await world.look(second.grant)
  expect(w.getsIn(first)).toBe(false)
  await w.azure.close()
})
