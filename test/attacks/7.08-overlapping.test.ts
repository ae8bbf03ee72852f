// The bug of others: somebody holds the same access twice, and the first end takes away both, or a revoke of one ends
// the other. Each grant has an end of its own. Where grants share one binding in the cloud it goes with the last of
// them: test/reconcile/grant.test.ts, test/reconcile/grant-postgres.test.ts (trust.md 7.08).
import { expect, test } from 'vitest'
import { live } from './support/cloud.ts'
import { timedWorld } from './support/world.ts'

test('three times the same access: each end takes away its own', async () => {
  const t = await timedWorld()
  const short = await live(t, 'overlap-short', { duration: '10m' })
  const middle = await live(t, 'overlap-middle', { duration: '20m' })
  const long = await live(t, 'overlap-long', { duration: '30m' })
  const left = async () => {
    const ids = [short, middle, long].map(({ id }) => id)
    return (await t.bindings()).filter((id) => ids.some((one) => one === id)).sort()
  }
  expect(await left()).toHaveLength(3)

  await t.jump(11 * 60_000)
  await t.reached(short.id, 'ended')
  expect(await left()).toEqual([middle.id, long.id].sort())

  expect(await t.gitsudo('alice', 'revoke', middle.id)).toMatchObject({ status: 0 })
  await t.reached(middle.id, 'ended')
  expect(await left()).toEqual([long.id])
  await t.reached(long.id, 'active')
  expect(await t.gitsudo('alice', 'exec', long.id, '--', 'true')).toMatchObject({ status: 0 })
  expect(await t.gitsudo('alice', 'exec', short.id, '--', 'true')).toMatchObject({ status: 1 })

  await t.jump(20 * 60_000)
  await t.reached(long.id, 'ended')
  await t.commented(long.number, '**ended** (expired')
  expect(await left()).toEqual([])
})
