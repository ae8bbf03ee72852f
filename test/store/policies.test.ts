import { describe, expect, test } from 'vitest'
import { inTransaction, now, owner, stageStore, store } from './stage.ts'

stageStore()

describe('policies', () => {
  const listed = [
    { name: 'prod', type: 'ELIGIBILITY' },
    { name: 'two', type: 'APPROVAL' },
  ] as const
  const none = { byHand: [], overridden: [], expired: [], forged: [] }

  test('the table lists what the accepted commit holds, and keeps what somebody set', async () => {
    await inTransaction((tx) => store.recordPolicies(tx, 1, listed))
    await owner("update policies set enabled = false where type = 'ELIGIBILITY'")
    await inTransaction((tx) => store.recordPolicies(tx, 1, listed.slice(0, 1)))
    await inTransaction((tx) => store.recordPolicies(tx, 2, []))
    expect(await store.disabledPolicies(now, 1)).toEqual({ ...none, byHand: ['prod'] })
    expect(await store.disabledPolicies(now, 2)).toEqual(none)
    expect((await owner('select name from policies')).rows).toEqual([{ name: 'prod' }])
  })

  test('an override counts under our MAC and until its end', async () => {
    await inTransaction((tx) => store.recordPolicies(tx, 1, listed))
    const row = { repository: 1, policy: 'prod', until: now + 1000, by: [1, 2] }
    expect(await inTransaction((tx) => store.startOverride(tx, row))).toBe(true)
    expect(await inTransaction((tx) => store.startOverride(tx, { ...row, policy: 'none' }))).toBe(false)
    expect(await store.disabledPolicies(now, 1)).toEqual({ ...none, overridden: ['prod'] })
    expect(await store.disabledPolicies(now + 1000, 1)).toEqual({ ...none, expired: ['prod'] })
    await owner("update policies set override_until = override_until + interval '1 hour'")
    expect(await store.disabledPolicies(now, 1)).toEqual({ ...none, byHand: ['prod'], forged: ['prod'] })
    await inTransaction((tx) => store.endOverride(tx, 1, 'prod'))
    expect(await store.disabledPolicies(now, 1)).toEqual(none)
  })

  test('wishes to disable one count under our MAC', async () => {
    const ask = { repository: 1, policy: 'prod', by: { id: 1, login: 'erin' }, seconds: 60, askedAt: now }
    await inTransaction((tx) => store.putOverrideAsk(tx, { ...ask, seconds: 30 }))
    await inTransaction((tx) => store.putOverrideAsk(tx, ask))
    expect(await store.overrideAsks(1, 'prod')).toEqual({ valid: [ask], forged: 0 })
    await owner(
      'insert into override_asks select repository, name, 2, by_login, seconds, asked_at, mac_key, mac from override_asks',
    )
    expect(await store.overrideAsks(1, 'prod')).toEqual({ valid: [ask], forged: 1 })
    await inTransaction((tx) => store.dropOverrideAsks(tx, 1, 'prod'))
    expect(await store.overrideAsks(1, 'prod')).toEqual({ valid: [], forged: 0 })
  })
})
