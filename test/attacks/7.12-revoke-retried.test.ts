// The bug of others: the cloud is busy, or somebody else is changing the same thing, just when access is to be taken
// away; the call fails, is logged, and never made again. Neither is a refusal: it is tried for ever, and nobody has to
// be called for it (trust.md 7.12).
import { expect, test } from 'vitest'
import { live, whileCloud } from './support/cloud.ts'
import { attackWorld } from './support/world.ts'

test.each(['throttled', 'conflict', 'unavailable'] as const)(
  'a revoke that meets %s is made again',
  async (kind) => {
    const t = await attackWorld()
    const asked = await live(t, `revoke-${kind}`)
    const fault = { grant: asked.id, call: 'remove', fault: { kind } } as const
    let revoked: ReturnType<typeof t.gitsudo> | undefined
    await whileCloud(t, fault, async (met) => {
      revoked = t.gitsudo('alice', 'revoke', asked.id)
      await met(2)
      expect(await t.bindings()).toContain(asked.id)
      await t.reached(asked.id, 'revoking')
    })
    expect(await revoked).toMatchObject({ status: 0, stdout: expect.stringContaining('ended (revoked)') })
    await t.commented(asked.number, '**ended** (revoked')
    expect(await t.bindings()).not.toContain(asked.id)
    await t.allSealed()
    expect((await t.events(asked.id)).map(({ type }) => type)).not.toContain('grant.quarantined')
  },
)
