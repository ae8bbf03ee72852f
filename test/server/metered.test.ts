import { expect, test } from 'vitest'
import { metered } from '../../app/compose/metered.ts'
import type { Ports } from '../../app/compose/ports.ts'
import type { GrantRow } from '../../app/reconcile/ports/store.ts'
import type { Metrics } from '../../app/server/metrics.ts'
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
