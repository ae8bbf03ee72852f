// The bug of others: the cloud answers that it will create what was asked for, nobody looks whether it did, and the
// access is shown as given, or comes when its time is long over and stays. A grant is active once it was read back, and
// an end that follows an unanswered write waits until that write can no longer arrive (trust.md 7.13).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { whileCloud, whileSlow } from './support/cloud.ts'
import { attackWorld, timedWorld } from './support/world.ts'

const merged = async (t: Awaited<ReturnType<typeof attackWorld>>, slug: string) => {
  const asked = await t.ask(slug)
  await t.checked(asked.head, 'success')
  return asked
}
const tries = async (t: Awaited<ReturnType<typeof attackWorld>>, id: string) =>
  (await t.query('select id from grant_attempts where grant_id = $1', [id])).length

test('what is being created is not active, and is asked after until it is there', async () => {
  const t = await attackWorld()
  const asked = await merged(t, 'slow-creation')
  await whileSlow(t, asked.id, 'insert', async () => {
    await t.land(asked.number, 'bob')
    await until('it to be asked for again', async () => (await tries(t, asked.id)) >= 2)
    await t.reached(asked.id, 'provisioning')
    await t.allSealed()
    expect((await t.events(asked.id)).map(({ type }) => type)).not.toContain('grant.issued')
    expect((await t.comments(asked.number)).map(({ body }) => body).join()).not.toContain('**active**')
  })
  await t.reached(asked.id, 'active')
  await t.commented(asked.number, '**active**')
  expect(await t.bindings()).toContain(asked.id)
})

test('a creation whose answer was lost makes one grant', async () => {
  const t = await attackWorld()
  const asked = await merged(t, 'lost-creation')
  const fault = { grant: asked.id, call: 'ensure', fault: { kind: 'lost' } } as const
  await whileCloud(t, fault, async (met) => {
    await t.land(asked.number, 'bob')
    await met(1)
  })
  await t.reached(asked.id, 'active')
  expect((await t.bindings()).filter((id) => id === asked.id)).toHaveLength(1)
})

test('what comes when its time is over is taken away', async () => {
  const t = await timedWorld()
  const asked = await merged(t, 'late-creation')
  const stood = async () =>
    (
      await t.query<{ key: string; absent: boolean; state: string }>(
        'select binding_key as key, absent_since is not null as absent, state from grants where id = $1',
        [asked.id],
      )
    )[0]
  await whileSlow(t, asked.id, 'insert', async () => {
    await t.land(asked.number, 'bob')
    await until('it to be asked for', async () => (await tries(t, asked.id)) >= 1)
    await t.jump(31 * 60_000)
    await until('it to be absent', async () => (await stood())?.absent)
    expect((await stood())?.state).toBe('revoking')
  })
  await t.query(`insert into mock_bindings values ($1, $2, 'alice', 'prod-read-only', '123456789012')`, [
    (await stood())?.key,
    asked.id,
  ])
  await t.jump(60_000)
  await t.reached(asked.id, 'ended')
  await t.commented(asked.number, '**ended** (expired')
  expect(await t.bindings()).not.toContain(asked.id)
})
