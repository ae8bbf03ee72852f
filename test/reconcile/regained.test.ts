import { afterEach, expect, test } from 'vitest'
import { awsRecords } from '../../app/compose/aws-records.ts'
import { type Provider, ProviderError } from '../../app/provider/port.ts'
import { reconcileCloud } from '../../app/reconcile/cloud.ts'
import { issueCredentials } from '../../app/reconcile/credentials.ts'
import { awsWorld, keysIn, mayDescribe, roleArn } from '../support/aws.ts'
import { memoryWorld } from '../support/memory/world.ts'

const never = new AbortController().signal
const minute = 60_000
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** Grants on AWS's double, by the service's own records, in one role. */
const awsGrants = async () => {
  const world = memoryWorld()
  const { aws, provider: made, intent } = await awsWorld(world.clock)
  closing.push(() => aws.close())
  const { ledger, keys, store } = world.deps
  const git = { mirror: () => Promise.reject(new Error('nothing is offered')) } as never
  const provider = made('ours', { records: awsRecords({ ledger, keys, store, git, repositories: [] }) })
  world.deps.providers.set('aws', provider)
  const live = async (number: number) => {
    const id = await world.open(intent(number))
    await world.look(id)
    const given = await issueCredentials(world.deps, id, 1001, { id: 's' }, never)
    if (!given.ok) throw new Error(given.why)
    return { id, getsIn: () => mayDescribe(aws.url, keysIn(given.environment)) }
  }
  const revoked = async (id: string) => {
    await world.revoke(id)
    for (let looks = 0; (await world.store.grant(id))?.state !== 'ended'; looks++) {
      if (looks > 10) throw new Error('never revoked')
      await world.look(id)
      world.clock.advance(2 * minute)
    }
  }
  const compared = async () =>
    (await reconcileCloud(world.deps, provider, never)).found.map(({ finding, grant }) => [finding, grant])
  const drifts = (id: string) =>
    world.ledger
      .events()
      .flatMap(({ type, grant, data }) => (type === 'grant.drift' && grant === id ? [data.gone] : []))
  const clear = (number: number) => aws.edit(roleArn(`reader-${number}`), (inline) => inline.clear())
  const alerts = () => world.log.lines.filter(({ message }) => message === 'grant.resurrected').length
  return { ...world, aws, provider, live, revoked, compared, drifts, clear, alerts }
}

test('a session that was revoked and is back again is found, on record, and refused again', async () => {
  const w = await awsGrants()
  const one = await w.live(1)
  await w.revoked(one.id)
  w.clock.advance(8 * minute)
  expect([await one.getsIn(), await w.compared(), w.drifts(one.id)]).toEqual([false, [], []])
  w.clear(1)
  w.clock.advance(6 * minute)
  expect(await one.getsIn()).toBe(true)
  for (const times of [1, 2]) {
    expect(await w.compared()).toEqual([['resurrected', one.id]])
    w.clock.advance(6 * minute)
    expect(await one.getsIn()).toBe(false)
    expect([await w.compared(), w.alerts()]).toEqual([[], times])
    expect(w.drifts(one.id)).toEqual([false, true, false, true].slice(0, 2 * times))
    w.clear(1)
  }
})

test('the next write of the role refuses it again', async () => {
  const w = await awsGrants()
  const [one, two] = [await w.live(1), await w.live(51)]
  await w.revoked(one.id)
  w.clear(1)
  await w.revoked(two.id)
  w.clock.advance(6 * minute)
  expect([await one.getsIn(), await two.getsIn()]).toEqual([false, false])
})

test('nothing is looked for after its end, nor where nobody had credentials', async () => {
  const w = await awsGrants()
  const one = await w.live(1)
  await w.revoked(one.id)
  w.clear(1)
  w.clock.advance(2 * 60 * minute)
  expect(await w.compared()).toEqual([])
  expect(await one.getsIn()).toBe(false)
})

test('a role that cannot be looked at keeps no other from it', async () => {
  const w = await awsGrants()
  const [one, two] = [await w.live(1), await w.live(2)]
  for (const { id } of [one, two]) await w.revoked(id)
  w.clock.advance(8 * minute)
  w.clear(2)
  const unreadable = new ProviderError('forbidden', 'not this role')
  const cloud: Provider = {
    ...w.provider,
    regained: async (intents, call) => {
      if (intents.some(({ grant }) => grant === one.id)) throw unreadable
      return (await w.provider.regained?.(intents, call)) ?? []
    },
  }
  expect(await reconcileCloud(w.deps, cloud, never)).toMatchObject({
    found: [{ grant: two.id }],
    unread: [{ place: expect.stringContaining('reader-1'), kind: 'forbidden', why: 'not this role' }],
  })
  expect([...w.aws.policies(roleArn('reader-2')).values()].join()).toContain('Deny')
})
