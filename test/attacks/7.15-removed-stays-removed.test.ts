// The bug of others: a syncer compares what should be there with what is, and gives back the access that somebody had
// removed by hand in the cloud, in an emergency of their own. `ensure` is for what is being provisioned only: what is
// active and absent has ended and never comes again. The other way round, what somebody made last longer is told, cut
// back, and ends when it was to end (trust.md 7.15).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { live } from './support/cloud.ts'
import { timedWorld } from './support/world.ts'

const minute = 60_000

test('removed by hand it has ended and is not given back; extended by hand it ends at its end', async () => {
  const t = await timedWorld()
  const removed = await live(t, 'hand-removed')
  const late = await live(t, 'hand-removed-late')
  const extended = await live(t, 'hand-extended')
  const byHand = (id: string) => t.query('delete from mock_bindings where grant_id = $1', [id])
  const grants = async (id: string) => {
    await t.allSealed()
    return (await t.events(id)).filter(({ type }) => type.startsWith('grant.'))
  }
  await byHand(removed.id)
  const endOf = async ({ id }: { readonly id: string }) =>
    (await t.query<{ expires_at: Date }>('select expires_at from mock_bindings where grant_id = $1', [id]))[0]
      ?.expires_at
  const granted = await endOf(extended)
  await t.query(`update mock_bindings set expires_at = expires_at + interval '1 day' where grant_id = $1`, [
    extended.id,
  ])
  await t.jump(6 * minute)
  await t.reached(removed.id, 'ended')
  await t.commented(removed.number, '**ended** (revoked externally')
  await t.alerted('grant.drift', { grant: extended.id })
  await until('it to be cut back', async () => (await endOf(extended))?.getTime() === granted?.getTime())
  expect((await grants(removed.id)).at(-1)?.data).toMatchObject({ cause: 'revoked externally' })
  await t.reached(extended.id, 'active')

  await byHand(late.id)
  await t.jump(20 * minute)
  await t.reached(late.id, 'ended')
  await t.commented(late.number, '**ended** (expired')
  expect(await t.bindings()).not.toContain(removed.id)

  await t.jump(5 * minute)
  await t.reached(extended.id, 'ended')
  await t.commented(extended.number, '**ended** (expired')
  for (const { id } of [removed, late, extended]) {
    expect(await t.bindings()).not.toContain(id)
    expect((await grants(id)).filter(({ type }) => type === 'grant.intended')).toHaveLength(1)
    const rows = await t.query('select id from grant_attempts where grant_id = $1', [id])
    expect(rows).toHaveLength(1)
  }
  expect((await grants(extended.id)).map(({ type }) => type)).toContain('grant.drift')
})
