import { describe, expect, test } from 'vitest'
import type { LedgerEvent } from '../../../app/audit/event.ts'
import type { Keys } from '../../../app/reconcile/ports/keys.ts'
import { testEvent } from '../events.ts'

/**
 * What everything relies on of the keys outside the database.
 * @param keys and others, which have nothing in common with them
 */
export const describeKeys = (name: string, keys: Keys, others: Keys): void => {
  describe(`keys, ${name}`, () => {
    const event = testEvent(1)
    const signed = keys.sign(event)

    test('a signature holds for exactly its event, in whatever order its members come', () => {
      expect(keys.verify(signed)).toBe(true)
      expect(keys.sign(signed)).toEqual(signed)
      const { data, ...rest } = signed
      const turned = { data: Object.fromEntries(Object.entries(data).reverse()), ...rest } as LedgerEvent
      expect(keys.verify(turned)).toBe(true)
    })

    test.each<[string, LedgerEvent]>([
      ['nobody’s', event],
      ['another key’s', others.sign(event)],
      [
        'another event’s',
        { ...event, data: { ...event.data, sig: keys.sign(testEvent(2)).data.sig ?? null } },
      ],
      ['with another moment', { ...signed, at: '2027-01-01T00:00:00.000Z' }],
      ['with more in it', { ...signed, data: { ...signed.data, more: 1 } }],
      [
        'under a key that nobody knows',
        { ...signed, data: { ...signed.data, sig: { key: '?', value: '' } } },
      ],
      ['that is no signature', { ...signed, data: { ...signed.data, sig: 'yes' } }],
    ])('a signature does not hold: %s', (_, one) => {
      expect(keys.verify(one)).toBe(false)
    })

    test('a MAC holds for exactly these columns of this kind, under its key', () => {
      const columns = { a: 1, b: 'two' }
      const mac = keys.mac('delivery', columns)
      expect(keys.macHolds('delivery', { b: 'two', a: 1 }, mac)).toBe(true)
      expect(keys.macHolds('delivery', { ...columns, a: 2 }, mac)).toBe(false)
      expect(keys.macHolds('delivery', { ...columns, c: 3 }, mac)).toBe(false)
      expect(keys.macHolds('staged', columns, mac)).toBe(false)
      expect(keys.macHolds('delivery', columns, { ...mac, key: 'another' })).toBe(false)
      expect(keys.macHolds('delivery', columns, { ...mac, value: '' })).toBe(false)
      expect(keys.macHolds('delivery', columns, others.mac('delivery', columns))).toBe(false)
    })
  })
}
