import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDuration, longestDuration, parseDuration } from '../../app/request/duration.ts'
import { parseInstant } from '../../app/request/instant.ts'

test.each([
  ['1s', 1],
  ['90s', 90],
  ['30m', 1800],
  ['2h', 7200],
  ['1h30m', 5400],
  ['1d12h', 129_600],
  ['30d', longestDuration],
  ['PT2H', 7200],
  ['PT1H30M', 5400],
  ['P1DT1S', 86_401],
  ['P1D', 86_400],
])('%s is %i seconds', (text, seconds) => expect(parseDuration(text)).toEqual({ ok: true, seconds }))

test.each([
  '',
  ' 1h',
  '1h ',
  '1 h',
  '1.5h',
  '-1h',
  '+1h',
  '1',
  'h',
  '1w',
  '30M',
  '1m1h',
  '1h1h',
  'P',
  'PT',
  'P1DT',
  'PT1S1H',
  'pt1h',
  'P1M',
  '1h\n',
  '９0s',
  '1e3s',
  `${'9'.repeat(400)}s`,
])('%j is no duration', (text) => expect(parseDuration(text)).toMatchObject({ ok: false, kind: 'form' }))

test.each(['0s', 'PT0S', '0d0h0m0s', '30d1s', '721h', '9999d'])('%s is out of bounds', (text) =>
  expect(parseDuration(text)).toMatchObject({ ok: false, kind: 'bounds' }),
)

test('what is written is read back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: longestDuration }), (seconds) => {
      expect(parseDuration(formatDuration(seconds))).toEqual({ ok: true, seconds })
    }),
  )
})

test('instants agree with Date', () => {
  const two = (max: number, min = 0) => fc.integer({ min, max }).map((n) => String(n).padStart(2, '0'))
  const zone = fc.oneof(
    fc.constant('Z'),
    fc.tuple(fc.constantFrom('+', '-'), two(23), two(59)).map(([s, h, m]) => `${s}${h}:${m}`),
  )
  const year = fc.integer({ min: 1000, max: 9998 })
  fc.assert(
    fc.property(
      year,
      two(12, 1),
      two(28, 1),
      two(23),
      two(59),
      two(59),
      fc.integer({ min: 0, max: 999 }),
      zone,
      (y, mo, d, h, mi, s, ms, z) => {
        const text = `${y}-${mo}-${d}T${h}:${mi}:${s}.${String(ms).padStart(3, '0')}${z}`
        expect(parseInstant(text)).toBe(Date.parse(text))
      },
    ),
  )
})

test.each([
  '2026-12-01',
  '2026-12-01T08:00:00',
  '2026-12-01 08:00:00Z',
  '2026-02-29T00:00:00Z',
  '2026-04-31T00:00:00Z',
  '2026-13-01T00:00:00Z',
  '2026-12-01T24:00:00Z',
  '2026-12-01T08:60:00Z',
  '2026-12-01T08:00:60Z',
  '2026-12-01T08:00:00+24:00',
  '2026-12-01T08:00:00+00:60',
  '12026-12-01T08:00:00Z',
])('%s is no instant', (text) => expect(parseInstant(text)).toBeUndefined())

test('leap days exist in leap years', () => {
  expect(parseInstant('2024-02-29T00:00:00Z')).toBe(Date.UTC(2024, 1, 29))
  expect(parseInstant('2000-02-29T00:00:00Z')).toBe(Date.UTC(2000, 1, 29))
  expect(parseInstant('1900-02-29T00:00:00Z')).toBeUndefined()
})

test('an offset has up to 59 minutes', () => {
  expect(parseInstant('2026-12-01T08:00:00+00:59')).toBe(Date.UTC(2026, 11, 1, 7, 1))
  expect(parseInstant('2026-12-01T08:00:00+23:00')).toBe(Date.UTC(2026, 10, 30, 9))
})
