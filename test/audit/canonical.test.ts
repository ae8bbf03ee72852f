import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bodyOf, eventOf } from '../../app/audit/body.ts'
import { canonicalBytes } from '../../app/audit/canonical.ts'
import { testEvent } from '../support/events.ts'

const text = (value: unknown) => Buffer.from(canonicalBytes(value)).toString('utf8')

test('the example of RFC 8785, section 3.2.2', () => {
  const value = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  }
  expect(text(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
})

test('properties are sorted by UTF-16 code units (RFC 8785, section 3.2.3)', () => {
  const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6']
  const sorted = JSON.parse(text(Object.fromEntries(keys.map((key) => [key, 1]))))
  expect(Object.keys(sorted)).toEqual(['1', '\r', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'])
})

function containsItself() {
  const list: unknown[] = []
  list.push(list)
  return list
}

test.each([
  ['a lone surrogate', { a: '\ud800' }],
  ['a lone surrogate in a key', { '\udc00': 1 }],
  ['not a number', [Number.NaN]],
  ['infinity', { a: { b: Number.POSITIVE_INFINITY } }],
  ['undefined in an array', [undefined]],
  ['a date', { at: new Date(0) }],
  ['a map', new Map([['a', 1]])],
  ['bytes', { body: new Uint8Array(1) }],
  ['a big integer', 1n],
  ['what is nested without end', JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)],
  ['what contains itself', containsItself()],
  ['nothing', undefined],
])('%s has no canonical bytes', (_, value) => {
  expect(() => canonicalBytes(value)).toThrow(expect.objectContaining({ code: 'not_canonical' }))
})

test('bytes depend on the value alone and read back to it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const wellFormed = JSON.stringify(value).isWellFormed() && !/\\ud[89a-f]/i.test(JSON.stringify(value))
      fc.pre(wellFormed)
      const bytes = canonicalBytes(value)
      expect(canonicalBytes(JSON.parse(Buffer.from(bytes).toString('utf8')))).toEqual(bytes)
      expect(JSON.parse(Buffer.from(bytes).toString('utf8'))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('an event comes back from its bytes', () => {
  expect(eventOf(bodyOf(testEvent(1)))).toEqual(testEvent(1))
})

test.each([
  ['v', { ...testEvent(1), v: 2 }],
  ['type', { ...testEvent(1), type: 'request.imagined' }],
  ['at', { ...testEvent(1), at: '2026-12-01T08:00:00Z' }],
  ['actor', { ...testEvent(1), actor: { kind: 'user', id: 7 } }],
  ['actor', { ...testEvent(1), actor: { kind: 'robot', id: '7' } }],
  ['repo', { ...testEvent(1), repo: 1.5 }],
  ['grant', { ...testEvent(1), grant: 1 }],
  ['data', { ...testEvent(1), data: [] }],
  ['object', []],
])('bytes that are no event are refused: %s', (what, value) => {
  expect(() => eventOf(canonicalBytes(value))).toThrow(what)
})

test.each([Buffer.from('{'), Buffer.from([0xff, 0xfe]), Buffer.alloc(0)])(
  'bytes that are no JSON are refused',
  (bytes) => {
    expect(() => eventOf(bytes)).toThrow(expect.objectContaining({ code: 'not_an_event' }))
  },
)
