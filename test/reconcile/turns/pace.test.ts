import fc from 'fast-check'
import { expect, test } from 'vitest'
import { heard, type Outcome, type Pace, startPace } from '../../../app/reconcile/turns/pace.ts'

const most = 32
const full = startPace(most)
const failed: Outcome = { kind: 'failed' }
const silent: Outcome = { kind: 'silent' }
const throttled = (retryAfter?: number): Outcome => ({
  kind: 'throttled',
  ...(retryAfter === undefined ? {} : { retryAfter }),
})

test.each<[string, Pace, Outcome, number, Partial<Pace>]>([
  ['an answer at the limit changes nothing', full, { kind: 'answered' }, 900, { limit: 32, failures: 0 }],
  ['an answer adds one over a round', { ...full, limit: 4 }, { kind: 'answered' }, 900, { limit: 4.25 }],
  ['what we gave up ourselves says nothing', full, { kind: 'untold' }, 900, full],
  ['a failure halves', full, failed, 900, { limit: 16, failures: 1, notBefore: 1000 }],
  ['silence leaves one', full, silent, 900, { limit: 1, failures: 1, notBefore: 1100 }],
  ['but halves while others are answered', { ...full, answeredAt: 950 }, silent, 900, { limit: 16 }],
  ['throttling halves, and waits as asked', full, throttled(5000), 900, { limit: 16, notBefore: 6000 }],
  ['and as we think where nothing was asked', full, throttled(), 900, { limit: 16, notBefore: 1100 }],
  ['for an hour too', full, throttled(3_600_000), 900, { notBefore: 3_601_000 }],
  ['never below one', { ...full, limit: 1, failures: 2 }, failed, 900, { limit: 1, notBefore: 1400 }],
  [
    'what was sent before the last failure takes no more away',
    { ...full, limit: 16, failures: 1, failedAt: 950 },
    silent,
    900,
    { limit: 16, failures: 1 },
  ],
  [
    'but its wish to be left alone counts',
    { ...full, limit: 16, failures: 1, failedAt: 950 },
    throttled(5000),
    900,
    { limit: 16, failures: 1, notBefore: 6000 },
  ],
  [
    'and its answer heals nothing',
    { ...full, limit: 16, failures: 1, failedAt: 950 },
    { kind: 'answered' },
    900,
    { limit: 16, failures: 1, answeredAt: 1000 },
  ],
])('%s', (_, pace, outcome, sentAt, after) => {
  expect(heard(pace, outcome, sentAt, 1000, most)).toMatchObject(after)
})

const outcome = fc.oneof(
  fc.constant<Outcome>({ kind: 'answered' }),
  fc.constant(failed),
  fc.constant(silent),
  fc.constant<Outcome>({ kind: 'untold' }),
  fc.option(fc.nat(60_000), { nil: undefined }).map(throttled),
)
const history = fc.array(fc.record({ outcome, took: fc.nat(10_000), later: fc.nat(1000) }), { maxLength: 60 })

const after = (all: readonly { outcome: Outcome; took: number; later: number }[]) => {
  let at = 0
  let pace = full
  for (const one of all) {
    at += one.later
    pace = heard(pace, one.outcome, at - one.took, at, most)
  }
  return { pace, at }
}

test('whatever happens, the limit lies between one and the most, and no wish to be left alone is cut short', () => {
  fc.assert(
    fc.property(history, (all) => {
      const { pace } = after(all)
      expect(pace.limit).toBeGreaterThanOrEqual(1)
      expect(pace.limit).toBeLessThanOrEqual(most)
      let at = 0
      for (const one of all) {
        at += one.later
        if (one.outcome.kind === 'throttled')
          expect(pace.notBefore).toBeGreaterThanOrEqual(at + (one.outcome.retryAfter ?? 0))
      }
    }),
  )
})

test('whatever has happened, the place is as fast as ever some answers after it is over', () => {
  fc.assert(
    fc.property(history, (all) => {
      const { pace, at } = after(all)
      let healed = pace
      let now = Math.max(at, pace.notBefore)
      for (let answers = 0; answers < (most * most) / 2 + most; answers++)
        healed = heard(healed, { kind: 'answered' }, now, ++now, most)
      expect(healed).toMatchObject({ limit: most, failures: 0 })
      expect(healed.notBefore).toBeLessThanOrEqual(now)
    }),
  )
})
