// The bug of others: the cloud is told to take access away, answers politely, and *revoked* is written down while the
// access stays. Nothing is gone before the cloud itself was asked and said so: until then it is revocation debt, and
// says so everywhere (trust.md 7.11).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { live, whileSlow } from './support/cloud.ts'
import { attackWorld } from './support/world.ts'

test('what was told to go and is still there is debt, not revoked', async () => {
  const t = await attackWorld()
  const asked = await live(t, 'says-revoked')
  const over = async () => {
    await t.allSealed()
    return (await t.events(asked.id)).filter(({ type }) => type === 'grant.revoked').length
  }
  let revoked: ReturnType<typeof t.gitsudo> | undefined
  await whileSlow(t, asked.id, 'delete', async () => {
    revoked = t.gitsudo('alice', 'revoke', asked.id)
    await until('it to be tried again', async () => {
      const [row] = await t.query<{ tries: number }>('select tries from grants where id = $1', [asked.id])
      return (row?.tries ?? 0) >= 2
    })
    await t.reached(asked.id, 'revoking')
    expect((await t.gitsudo('alice', 'status', asked.id)).stdout).toContain('revoking')
    expect((await t.comments(asked.number)).map(({ body }) => body).join()).not.toContain('**ended**')
    expect(await over()).toBe(0)
    expect(await t.bindings()).toContain(asked.id)
  })
  // The command waits for the cloud's word.
  expect(await revoked).toMatchObject({ status: 0, stdout: expect.stringContaining('ended (revoked)') })
  await t.commented(asked.number, '**ended** (revoked')
  expect(await over()).toBe(1)
  expect(await t.bindings()).not.toContain(asked.id)
})
