import { expect, test } from 'vitest'
import { sprintf } from '../../app/policy/sprintf.ts'

test.each([
  ['%s asks for %d minutes', ['alice', 30], 'alice asks for 30 minutes'],
  ['%v %v %v', [['a', 1], { b: true }, null], '["a", 1] {"b": true} null'],
  ['%5.2f|%-4s|%05d|%+d|%x|%q|100%%', [2.5, 'ab', -42, 3, 255, 'a"b'], ' 2.50|ab  |-0042|+3|ff|"a\\"b"|100%'],
  ['%.2s', ['żółw'], 'żó'],
  ['%d %s', ['a', 3], '%!d(string=a) %!s(int64=3)'],
  ['%d %f', [2.5], '%!d(float64=2.5) %!f(MISSING)'],
  ['%s', ['a', 'b', 3], 'a%!(EXTRA string=b, int64=3)'],
])('%s', (format, values, wanted) => {
  expect(sprintf(format, values)).toBe(wanted)
})

test.each([
  ['a width of its own', '%9999s'.repeat(11), Array(11).fill('x')],
  ['long values', '%s%s', ['x'.repeat(60_000), 'x'.repeat(60_000)]],
  ['a long format', 'x'.repeat(100_001), []],
  ['values nobody asked for', '', ['x'.repeat(100_001)]],
])(
  '%s would fill the memory: it fails, and is not undefined, which would make a rule say nothing',
  (_, format, values) => {
    expect(() => sprintf(format, values)).toThrow('sprintf writes more than 100000 characters')
  },
)

test.each([
  ['%s', 'x'],
  [1, []],
])('what makes no sense is undefined, as OPA has it: %j of %j', (format, values) => {
  expect(sprintf(format, values)).toBeUndefined()
})
