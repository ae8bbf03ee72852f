import { expect, test } from 'vitest'
import { timeBuiltins } from '../../app/policy/time-builtins.ts'

const ms = (text: string) => Date.parse(text)
const ns = (text: string) => ms(text) * 1_000_000
const exact = (text: string) => BigInt(ms(text)) * 1_000_000n
const call = (name: string, ...args: unknown[]) =>
  timeBuiltins(() => ms('2026-12-01T08:30:15.123Z'))[`time.${name}`]?.(...args)

test.each([
  ['now_ns', [], exact('2026-12-01T08:30:15.123Z')],
  ['parse_rfc3339_ns', ['2026-12-01T09:30:15.123456789+01:00'], exact('2026-12-01T08:30:15Z') + 123_456_789n],
  ['parse_rfc3339_ns', ['2026-02-29T00:00:00Z'], undefined],
  ['parse_rfc3339_ns', ['2500-01-01T00:00:00Z'], undefined],
  ['parse_rfc3339_ns', ['yesterday'], undefined],
  ['parse_duration_ns', ['1h30m'], 5_400_000_000_000n],
  ['parse_duration_ns', ['-1.5s'], -1_500_000_000n],
  ['parse_duration_ns', ['.5ms'], 500_000n],
  ['parse_duration_ns', ['1w2d'], 777_600_000_000_000n],
  ['parse_duration_ns', ['2x'], undefined],
  ['date', [ns('2026-12-01T23:30:00Z')], [2026, 12, 1]],
  ['date', [[ns('2026-12-01T23:30:00Z'), 'Europe/Berlin']], [2026, 12, 2]],
  ['date', [ns('1969-12-31T23:59:59Z')], [1969, 12, 31]],
  ['date', [[ns('2026-12-01T23:30:00Z'), 'Local']], undefined],
  ['date', [[ns('2026-12-01T23:30:00Z'), 'Europe/Nowhere']], undefined],
  ['date', [1e30], undefined],
  ['clock', [[ns('2026-07-01T23:30:05Z'), 'America/New_York']], [19, 30, 5]],
  ['clock', [[ns('2026-07-01T23:30:05Z'), '']], [23, 30, 5]],
  ['weekday', [ns('2026-12-01T00:00:00Z')], 'Tuesday'],
  ['weekday', [[ns('2026-12-01T00:00:00Z'), 'Pacific/Honolulu']], 'Monday'],
  ['add_date', [ns('2026-01-31T00:00:00Z'), 0, 1, 0], exact('2026-03-03T00:00:00Z')],
  ['add_date', [ns('2026-01-01T00:00:00.123Z'), -1, 0, -1], exact('2024-12-31T00:00:00.123Z')],
  ['add_date', [ns('2026-01-01T00:00:00Z'), 1000, 0, 0], undefined],
  ['diff', [ns('2026-03-01T00:00:00Z'), ns('2024-02-29T23:00:00Z')], [2, 0, 0, 1, 0, 0]],
  ['diff', [ns('2026-01-31T12:00:00Z'), ns('2026-03-01T11:59:59Z')], [0, 1, 0, 23, 59, 59]],
])('time.%s of %j', (name, args, wanted) => {
  expect(call(name, ...args)).toEqual(wanted)
})
