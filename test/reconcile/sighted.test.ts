import { expect, test } from 'vitest'
import { createSighted } from '../../app/reconcile/grant/sighted.ts'
import { memoryClock } from '../support/memory/clock.ts'

const minute = 60_000

test('a moment was when it was first known, or as much later than it says as clocks may differ', () => {
  const clock = memoryClock()
  const sighted = createSighted(clock)
  const now = clock.now()
  expect(sighted('a', now - minute)).toBe(now)
  expect(sighted('a', now - 6 * minute)).toBe(now - minute)
  expect(sighted('a', now + minute)).toBe(now)
  expect(sighted('a', now - 2 * minute, now - 2 * minute)).toBe(now - 2 * minute)
  clock.advance(minute)
  expect(sighted('a', now - minute)).toBe(now)
  expect(sighted('b', now - minute)).toBe(clock.now())
  clock.advance(59 * minute)
  expect(sighted('a', now + minute)).toBe(now)
  clock.advance(1)
  expect(sighted('a', now + minute)).toBe(now + 6 * minute)
})
