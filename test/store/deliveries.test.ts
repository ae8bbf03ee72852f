import { describe, expect, test } from 'vitest'
import type { WakeUp } from '../../app/reconcile/ports/queue.ts'
import { delivery, now, owner, stageStore, store, woken } from './stage.ts'

stageStore()

describe('deliveries', () => {
  test('a GUID counts once, with its wake-ups', async () => {
    const wake: WakeUp[] = [{ queue: 'pull-request', key: '1:7' }]
    const [first, ...rest] = await Promise.all(
      Array.from({ length: 5 }, () => store.acceptDelivery(delivery('g1'), wake)),
    )
    expect([first, ...rest].sort()).toEqual(['known', 'known', 'known', 'known', 'new'])
    expect(woken).toEqual(wake)
    expect(await store.hasDelivery('g1')).toBe(true)
    expect(await store.hasDelivery('g2')).toBe(false)
  })

  test('they come back byte for byte, oldest first, of the events asked for', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    await store.acceptDelivery(delivery('g2', { receivedAt: now + 1, body: bytes }), [])
    await store.acceptDelivery(delivery('g1'), [])
    await store.acceptDelivery(delivery('g3', { event: 'push', ref: 'refs/heads/x' }), [])
    const { valid, forged } = await store.deliveriesOfPull(1, 7, ['pull_request_review'])
    expect(forged).toEqual([])
    expect(valid.map(({ guid }) => guid)).toEqual(['g1', 'g2'])
    expect(Buffer.from(valid[1]?.body ?? [])).toEqual(Buffer.from(bytes))
    await store.acceptDelivery(delivery('g4', { event: 'merge_group', ref: 'refs/heads/x' }), [])
    expect((await store.pushesTo(1, 'refs/heads/x')).valid.map(({ guid }) => guid)).toEqual(['g3'])
    expect((await store.mergeGroupAt(1, 'refs/heads/x')).valid.map(({ guid }) => guid)).toEqual(['g4'])
    expect((await store.mergeGroupAt(2, 'refs/heads/x')).valid).toEqual([])
    expect(await store.lastDeliveryAt()).toBe(now + 1)
  })

  test.each([
    "body = '{}'",
    "guid = 'g9'",
    "received_at = received_at + interval '1 second'",
    "mac = 'AAAA'",
    "mac_key = 'mac-0'",
    "ref = 'refs/heads/main'",
  ])('a stored delivery altered in the database is left out and named: %s', async (change) => {
    await store.acceptDelivery(delivery('g1'), [])
    await owner(`update deliveries set ${change}`)
    const { valid, forged } = await store.deliveriesOfPull(1, 7, ['pull_request_review'])
    expect([valid, forged]).toEqual([[], [change.startsWith('guid') ? 'g9' : 'g1']])
  })
})
