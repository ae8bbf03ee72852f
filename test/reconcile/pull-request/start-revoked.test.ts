import { expect, test } from 'vitest'
import { askRevoke } from '../../../app/reconcile/revoke.ts'
import { statusOf } from '../../../app/reconcile/status-of.ts'
import { start } from '../../server/running.ts'
import { accessWorld, filePath, requestFile } from '../../support/memory/access-world.ts'
import { counted } from '../../support/memory/counted.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { people } from '../../support/memory/hub-people.ts'
import { minute } from './approved.ts'

/** A request of alice's that was merged for a start in an hour, and the API by which she revokes it. */
const scheduled = async () => {
  const cloud = counted()
  let during: (() => Promise<void>) | undefined
  const world = accessWorld({
    cloud: cloud.around,
    around: (port) => {
      const ask = 'reviews' in port ? Reflect.get(port, 'reviews') : undefined
      return typeof ask !== 'function'
        ? port
        : Object.assign(Object.create(port), {
            reviews: async (...given: readonly unknown[]) => {
              const [answer, once] = [await Reflect.apply(ask, port, given), during]
              during = undefined
              await once?.()
              return answer
            },
          })
    },
  })
  const api = await start({
    caller: async (token) => (token === 'token-alice' ? people.alice : undefined),
    readable: async () => ({ known: [repositoryId], unread: [] }),
    request: (id) => statusOf(world.deps, id),
    revoke: (ask) => askRevoke(world.deps, { ...ask, askedAt: world.clock.now() }),
  })
  const startsAt = world.clock.now() + 60 * minute
  world.push('a', { [filePath('a')]: requestFile('a', startsAt) }, 'alice')
  const pull = world.open('a', 'alice')
  world.review(pull, 'bob')
  await world.merge(pull, 'carol')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'scheduled' })
  const [{ id } = { id: '' }] = world.store.grantRows()
  return {
    world,
    pull,
    id,
    startsAt,
    revoke: async () => {
      const answer = await api.call('POST', `/api/v1/requests/${id}/revoke`, 'alice', {
        reason: 'not needed',
      })
      expect(answer.status).toBe(202)
    },
    /** While the start is asked about. */
    meanwhile: (work: () => Promise<void>) => {
      during = work
    },
    /** Long after its start, nothing was given. @returns what the ledger says of the grant */
    nothingGiven: async () => {
      await world.settle()
      await world.pass(120 * minute)
      expect(await world.states(pull)).toEqual({ a: 'ended' })
      expect(await world.bindings.all()).toEqual([])
      expect(cloud.calls('ensure')).toBe(0)
      return world.ledger.events().flatMap(({ type, grant }) => (grant === id ? [type] : []))
    },
  }
}

test('what is revoked before its start does not start', async () => {
  const { revoke, nothingGiven } = await scheduled()
  await revoke()
  expect(await nothingGiven()).not.toContain('grant.intended')
})

test.each([
  ['and its end comes first', true],
  ['and the start comes first', false],
])('what is revoked while its start is asked about does not start: %s', async (_, ended) => {
  const { world, pull, id, startsAt, revoke, meanwhile, nothingGiven } = await scheduled()
  world.clock.set(startsAt)
  meanwhile(async () => {
    await revoke()
    if (ended) await world.look({ queue: 'grant', key: id })
  })
  await world.lookAtPull(pull)
  expect(await world.states(pull)).toEqual({ a: ended ? 'ended' : 'scheduled' })
  expect(await nothingGiven()).not.toContain('grant.intended')
})

test('what is revoked once its start is decided is given by no cloud', async () => {
  const { world, pull, startsAt, revoke, nothingGiven } = await scheduled()
  world.clock.set(startsAt)
  await world.lookAtPull(pull)
  expect(await world.states(pull)).toEqual({ a: 'provisioning' })
  await revoke()
  expect((await nothingGiven()).slice(-3)).toEqual([
    'grant.intended',
    'grant.revoke_intended',
    'grant.revoked',
  ])
})
