import { expect, test } from 'vitest'
import { counted, metered } from '../../app/compose/metered.ts'
import type { Ports } from '../../app/compose/ports.ts'
import type { GrantRow } from '../../app/reconcile/ports/store.ts'
import { createMetrics, type Metrics } from '../../app/server/metrics.ts'
import { secret, setUp } from '../github/intake.ts'
import { accessWorld } from '../support/memory/access-world.ts'

const hour = 3_600_000

test('merge to active counts from the merge, once a grant; end to gone from the end', async () => {
  const counted: [string, number][] = []
  const metrics = {
    decision: () => undefined,
    mergeToActive: (ms: number) => void counted.push(['active', ms]),
    endToGone: (ms: number) => void counted.push(['gone', ms]),
  } as unknown as Metrics
  const world = accessWorld({
    around: (port) =>
      'saveGrant' in port ? (metered({ store: port } as unknown as Ports, metrics).store as never) : port,
  })
  const pull = world.request('a')
  world.review(pull, 'bob')
  await world.settle()
  await world.merge(pull, 'carol')
  world.clock.advance(5000)
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'active' })
  expect(counted).toEqual([['active', 5000]])
  const [row] = world.store.grantRows()
  const looked: GrantRow[] = row === undefined ? [] : [row]
  await world.pass(hour)
  expect(world.store.grantRows().map(({ version }) => version)).not.toEqual(
    looked.map(({ version }) => version),
  )
  expect(counted).toHaveLength(1)
  await world.pass(2 * hour)
  expect(await world.states(pull)).toEqual({ a: 'ended' })
  expect(counted.map(([what]) => what)).toEqual(['active', 'gone'])
})

test('a delivery that GitHub signed keeps its name, one that asks for nothing too', async () => {
  const none = { grants: {}, revocationDebt: { count: 0, oldestMs: 0 }, ledgerLag: { count: 0 }, clouds: [] }
  const metrics = createMetrics(async () => none, { now: () => 0 })
  const { send } = setUp([secret], (given) => counted(given, metrics))
  await send('ping', { zen: 'x', repository: { id: 7 } })
  await send('push', {}, { 'x-hub-signature-256': 'sha256=forged' })
  const { text } = await metrics.scrape()
  const told = text.split('\n').filter((line) => line.startsWith('gitsudo_deliveries_total{'))
  expect(told).toEqual([
    'gitsudo_deliveries_total{event="ping",outcome="ignored"} 1',
    'gitsudo_deliveries_total{event="unsigned",outcome="refused"} 1',
  ])
})
