import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ProviderError } from '../../app/provider/port.ts'
import { retryAfterOf } from '../../app/provider/retry-after.ts'

test.each<[unknown, number | undefined]>([
  ['7', 7000],
  [7, 7000],
  ['1.5', 1500],
  [' 7 ', 7000],
  [undefined, undefined],
  [null, undefined],
  ['', undefined],
  ['0', undefined],
  ['-1', undefined],
  ['soon', undefined],
  ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
  ['1e999', undefined],
  [Number.POSITIVE_INFINITY, undefined],
  ['0x10', undefined],
  ['1e3', undefined],
  ['9'.repeat(400), undefined],
  [['7'], undefined],
  [{}, undefined],
])('Retry-After: %s', (value, ms) => {
  expect(retryAfterOf(value)).toBe(ms)
})

test.each([
  [300_000, 300_000],
  [300_001, 300_000],
  [365 * 86_400_000, 300_000],
  [Number.POSITIVE_INFINITY, 300_000],
])('a cloud that asks for %s ms is left alone for %s: revocations wait no longer', (retryAfter, heeded) => {
  expect(new ProviderError('throttled', 'later', { retryAfter }).retryAfter).toBe(heeded)
})

test('whatever a cloud says, what is heeded is a number of milliseconds up to five minutes, or nothing', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.double(), fc.anything()), (said) => {
      const retryAfter = retryAfterOf(said)
      const heeded = new ProviderError('throttled', '', retryAfter === undefined ? {} : { retryAfter })
        .retryAfter
      expect(heeded === undefined || (heeded > 0 && heeded <= 300_000)).toBe(true)
    }),
  )
})
