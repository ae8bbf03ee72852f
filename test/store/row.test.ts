import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Columns } from '../../app/audit/columns.ts'
import { rowOf } from '../../app/store/ledger/row.ts'

const day = Date.UTC(2026, 11, 1)
const written = (ms: number) => new Date(ms).toISOString()
const columns: Columns = {
  type: 'grant.issued',
  at: written(day + 5_025),
  actorKind: 'user',
  actorId: '1001',
  actorLogin: 'alice',
  requestId: 'req_1',
  grantId: null,
  repoId: 123_456,
  pull: 0,
  commit: 'c'.repeat(40),
}

const int8 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
const micros = (at: string) => (BigInt(Date.parse(at)) - BigInt(Date.UTC(2000, 0, 1))) * 1_000n
type Field = string | number | bigint | Buffer | null
/** As PostgreSQL sends them: `at` in microseconds since 2000. */
const stored = ({ type, at, ...of }: Columns, change: Readonly<Record<string, Field>> = {}) => {
  const hash = Buffer.alloc(32, 7)
  const head: Record<string, Field> = { seq: 1, body: '{}', leaf: hash, chain: hash }
  const all = { ...head, type, at: micros(at), ...of, note: null, ...change }
  const parts = Object.values(all).map((value) =>
    value === null
      ? null
      : typeof value === 'string' || Buffer.isBuffer(value)
        ? Buffer.from(value)
        : int8(value),
  )
  const starts: number[] = []
  const ends: number[] = []
  let end = 3
  for (const part of parts) {
    starts.push(end)
    end += part?.length ?? 0
    ends.push(part === null ? -1 : end)
  }
  const bytes = Buffer.concat([Buffer.from('abc'), ...parts.flatMap((part) => part ?? []), Buffer.from('z')])
  return rowOf({ bytes, starts, ends }).row
}

test('a row that is as its event says differs nowhere, whatever came before it', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant(''))
  const optional = fc.option(text)
  const whole = fc.option(fc.maxSafeInteger())
  const at = fc
    .integer({ min: -1e13, max: 1e13 })
    .map((ms) => written(day + (ms % (ms % 2 ? 2 * 86_400_000 : 1e13))))
  const columnsArbitrary = fc.record<Columns>({
    ...{ type: text, at, actorKind: text, actorId: text, actorLogin: optional, requestId: optional },
    ...{ grantId: optional, repoId: whole, pull: whole, commit: optional },
  })
  fc.assert(
    fc.property(
      columnsArbitrary,
      columnsArbitrary,
      fc.constantFrom(...(Object.keys(columns) as (keyof Columns)[])),
      (one, other, name) => {
        // What UTF-8 cannot say is not in an event, either.
        fc.pre(
          [one, other].every((all) =>
            Object.values(all).every((value) => typeof value !== 'string' || value.isWellFormed()),
          ),
        )
        expect(stored(one).differs(one)).toBeUndefined()
        const due = { ...one, [name]: other[name] }
        const expected = due[name] === one[name] ? undefined : name
        expect(stored(one).differs(due)?.what).toBe(expected)
      },
    ),
    { numRuns: 2_000 },
  )
})

test.each<readonly [keyof Columns, Columns[keyof Columns], Field, string]>([
  ['actorLogin', '', null, 'null'],
  ['actorLogin', null, '', ''],
  ['actorLogin', 'alice', 'Alice', 'Alice'],
  ['actorLogin', 'alic', 'alice', 'alice'],
  // One byte is the letter in Latin-1, and none in UTF-8.
  ['actorLogin', 'ren\u00e9', Buffer.from('ren\u00e9', 'latin1'), 'ren\ufffd'],
  ['at', written(day), micros(written(day)) + 1n, expect.stringContaining('µs after 2000')],
  ['at', written(day), micros(written(day + 1)), written(day + 1)],
  ['at', '2026-12-01T23:59:60.000Z', micros(written(day + 86_400_000)), written(day + 86_400_000)],
  ['at', '2026-12-01T10:60:00.000Z', micros(written(day + 11 * 3_600_000)), written(day + 11 * 3_600_000)],
  ['at', written(day), -(2n ** 63n), expect.stringContaining('µs after 2000')],
  ['repoId', null, 0, '0'],
  ['repoId', 0, null, 'null'],
  ['pull', 1, 2 ** 32 + 1, `${2 ** 32 + 1}`],
  ['pull', -1, 2 ** 32 - 1, `${2 ** 32 - 1}`],
])('%s due %j, stored %s', (what, due, value, found) => {
  expect(stored(columns).differs({ ...columns })).toBeUndefined()
  expect(stored(columns, { [what]: value }).differs({ ...columns, [what]: due })).toEqual({
    what,
    expected: String(due),
    found,
  })
})
