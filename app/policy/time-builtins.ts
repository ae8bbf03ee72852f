/**
 * Rego's `time.*` for wasm, which leaves them to the host, bound to the decision's recorded time. They
 * answer what opa's own answer; where opa has an error they are undefined, as an expression with an error
 * is. Nanoseconds arrive as doubles, so that times are exact to the microsecond, and leave as bigints. `Local`
 * is undefined: a decision must not depend on the machine.
 */
export function timeBuiltins(now: () => number): Readonly<Record<string, (...args: unknown[]) => unknown>> {
  return {
    'time.now_ns': () => nanoseconds(BigInt(now()) * 1_000_000n),
    'time.parse_rfc3339_ns': (text) =>
      typeof text === 'string' ? nanoseconds(parseRfc3339(text)) : undefined,
    'time.parse_duration_ns': (text) =>
      typeof text === 'string' ? nanoseconds(parseDuration(text)) : undefined,
    'time.date': (operand) => on(operand, ({ year, month, day }) => [year, month, day]),
    'time.clock': (operand) => on(operand, ({ hour, minute, second }) => [hour, minute, second]),
    'time.weekday': (operand) =>
      on(operand, ({ year, month, day }) => weekdays[new Date(utc({ year, month, day })).getUTCDay()]),
    'time.add_date': addDate,
    'time.diff': diff,
  }
}

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const leastNanoseconds = -(2n ** 63n)
const mostNanoseconds = 2n ** 63n - 1n

type Wall = { year: number; month: number; day: number; hour: number; minute: number; second: number }
/** `ms` is whole; `rest` the nanoseconds below it. */
type Moment = { readonly ms: number; readonly rest: bigint; readonly zone: string }

function nanoseconds(value: bigint | undefined): bigint | undefined {
  return value === undefined || value < leastNanoseconds || value > mostNanoseconds ? undefined : value
}

function on<T>(operand: unknown, read: (wall: Wall) => T): T | undefined {
  const moment = momentOf(operand)
  return moment === undefined ? undefined : read(wallAt(moment.ms, moment.zone))
}

function momentOf(operand: unknown): Moment | undefined {
  const [ns, zone = 'UTC'] = Array.isArray(operand) ? operand : [operand]
  if (typeof ns !== 'number' || typeof zone !== 'string' || !Number.isInteger(ns)) return undefined
  if (BigInt(ns) < leastNanoseconds || BigInt(ns) > mostNanoseconds) return undefined
  const us = Math.round(ns / 1000)
  const ms = Math.floor(us / 1000)
  const name = zone === '' ? 'UTC' : zone
  return isZone(name) ? { ms, rest: BigInt(us - ms * 1000) * 1000n, zone: name } : undefined
}

const formats = new Map<string, Intl.DateTimeFormat>()

function isZone(zone: string): boolean {
  if (zone === 'UTC' || formats.has(zone)) return true
  if (!/^[A-Za-z][\w+-]*(\/[\w+-]+)*$/.test(zone) || zone === 'Local') return false
  try {
    formats.set(zone, format(zone))
    return true
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    return false
  }
}

function format(zone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
}

function wallAt(ms: number, zone: string): Wall {
  const wall = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 }
  if (zone === 'UTC') {
    const at = new Date(ms)
    return {
      year: at.getUTCFullYear(),
      month: at.getUTCMonth() + 1,
      day: at.getUTCDate(),
      hour: at.getUTCHours(),
      minute: at.getUTCMinutes(),
      second: at.getUTCSeconds(),
    }
  }
  for (const { type, value } of (formats.get(zone) ?? format(zone)).formatToParts(ms)) {
    if (type in wall) wall[type as keyof Wall] = Number(value)
  }
  return wall
}

/** Epoch ms of a wall time read as UTC; months and days out of range carry over, as in Go. */
function utc(wall: Pick<Wall, 'year' | 'month' | 'day'> & Partial<Wall>): number {
  const at = new Date(0)
  at.setUTCFullYear(wall.year, wall.month - 1, wall.day)
  return at.setUTCHours(wall.hour ?? 0, wall.minute ?? 0, wall.second ?? 0)
}

/** In UTC, unlike the others: opa takes no zone here. */
function addDate(ns: unknown, years: unknown, months: unknown, days: unknown): bigint | undefined {
  const moment = Array.isArray(ns) ? undefined : momentOf(ns)
  if (moment === undefined || ![years, months, days].every(Number.isInteger)) return undefined
  const wall = wallAt(moment.ms, 'UTC')
  const year = wall.year + Number(years)
  const month = wall.month + Number(months)
  const seconds = utc({ ...wall, year, month, day: wall.day + Number(days) })
  const within = moment.ms - Math.floor(moment.ms / 1000) * 1000
  return Number.isNaN(seconds) ? undefined : nanoseconds(BigInt(seconds + within) * 1_000_000n + moment.rest)
}

function diff(first: unknown, second: unknown): number[] | undefined {
  const one = momentOf(first)
  const two = momentOf(second)
  if (one === undefined || two === undefined) return undefined
  const later = two.ms > one.ms || (two.ms === one.ms && two.rest >= one.rest)
  const from = wallAt((later ? one : two).ms, one.zone)
  const to = wallAt((later ? two : one).ms, one.zone)
  const gap: Wall = { ...to }
  for (const unit of Object.keys(from) as (keyof Wall)[]) gap[unit] -= from[unit]
  const borrow = (unit: keyof Wall, size: number, above: keyof Wall) => {
    if (gap[unit] >= 0) return
    gap[unit] += size
    gap[above] -= 1
  }
  borrow('second', 60, 'minute')
  borrow('minute', 60, 'hour')
  borrow('hour', 24, 'day')
  borrow('day', new Date(utc({ year: from.year, month: from.month + 1, day: 0 })).getUTCDate(), 'month')
  borrow('month', 12, 'year')
  return [gap.year, gap.month, gap.day, gap.hour, gap.minute, gap.second]
}

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/

function parseRfc3339(text: string): bigint | undefined {
  const match = rfc3339.exec(text)
  if (match === null) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(Number)
  const [zoneHour, zoneMinute] = [Number(match[9] ?? 0), Number(match[10] ?? 0)]
  const ms = utc({ year, month, day, hour, minute, second })
  const back = wallAt(ms, 'UTC')
  const real = back.month === month && back.day === day && back.hour === hour && back.minute === minute
  if (!real || back.second !== second || zoneHour > 24 || zoneMinute > 59) return undefined
  const zone = (match[8] === '-' ? -1 : 1) * (zoneHour * 60 + zoneMinute) * 60_000
  return BigInt(ms - zone) * 1_000_000n + BigInt((match[7] ?? '').slice(0, 9).padEnd(9, '0'))
}

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
  y: 31_536_000_000_000_000n,
}

/** Go's durations, `1h30m`, `1.5h`, `-300ms`, `0`, and opa's days, weeks and years. */
function parseDuration(text: string): bigint | undefined {
  if (/^[+-]?0$/.test(text)) return 0n
  const match = /^([+-]?)((?:(?:\d{1,19}\.?\d{0,18}|\.\d{1,18})(?:ns|us|µs|μs|ms|[smhdwy]))+)$/.exec(text)
  if (match === null) return undefined
  let total = 0n
  for (const [, whole = '', fraction = '', unit = ''] of (match[2] ?? '').matchAll(
    /(\d*)\.?(\d*)(ns|us|µs|μs|ms|[smhdwy])/g,
  )) {
    const size = units[unit] ?? 0n
    total += BigInt(whole === '' ? 0 : whole) * size
    total += (BigInt(fraction === '' ? 0 : fraction) * size) / 10n ** BigInt(fraction.length)
  }
  return match[1] === '-' ? -total : total
}
