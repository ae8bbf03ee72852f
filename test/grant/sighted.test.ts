import { expect, test } from 'vitest'
import { createSighted } from '../../app/grant/sighted.ts'

const minute = 60_000

test('a moment was when it was first known, or as much later than it says as clocks may differ', () => {
  const sighted = createSighted()
  const now = 1_800_000_000_000
  expect(sighted('a', now - minute, now)).toBe(now)
  expect(sighted('a', now - 6 * minute, now)).toBe(now - minute)
  expect(sighted('a', now + minute, now)).toBe(now)
  expect(sighted('a', now - 2 * minute, now - 2 * minute)).toBe(now - 2 * minute)
  const later = now + minute
  expect(sighted('a', now - minute, later)).toBe(now)
  expect(sighted('b', now - minute, later)).toBe(later)
  expect(sighted('a', now + minute, later + 59 * minute)).toBe(now)
  expect(sighted('a', now + minute, later + 59 * minute + 1)).toBe(now + 6 * minute)
})
