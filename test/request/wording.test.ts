import { describe, expect, test } from 'vitest'
import { type Fault, mostFaults, tidyFaults } from '../../app/request/fault.ts'
import { nearest } from '../../app/request/nearest.ts'
import { canonicalPath } from '../../app/request/path.ts'
import { escapeUnseen, quote } from '../../app/request/quote.ts'

describe('the word that was meant', () => {
  test.each([
    ['reqester', ['reason', 'requester'], 'requester'],
    ['Requester', ['requester'], 'requester'],
    ['rolle', ['role', 'scope'], 'role'],
    ['roel', ['role'], undefined],
    ['rol', ['role', 'rola'], 'role'],
    ['sope', ['scope', 'hope'], 'scope'],
    ['xscope', ['scope'], 'scope'],
    ['scop', ['scope'], 'scope'],
    ['durtion', ['duration'], 'duration'],
    ['duratoin', ['duration'], 'duration'],
    ['abc', ['abd'], 'abd'],
    ['abc', ['ade'], undefined],
    ['ab', ['ac'], 'ac'],
    ['ab', ['ba'], undefined],
    ['a', ['b'], 'b'],
    ['', ['a'], 'a'],
    ['', ['ab'], undefined],
    ['abcdef', ['abcdxy'], 'abcdxy'],
    ['abcdef', ['abcxyz'], undefined],
    ['abcdef', ['abcdefgh'], 'abcdefgh'],
    ['abcdef', ['abcdefghi'], undefined],
    ['kitten', ['sitting'], undefined],
    ['sitten', ['sitting', 'kitten'], 'kitten'],
    ['x'.repeat(64), ['x'.repeat(63)], 'x'.repeat(63)],
    ['x'.repeat(65), ['x'.repeat(64)], undefined],
    ['any', [], undefined],
  ] as const)('%s among %j', (text, candidates, meant) => {
    expect(nearest(text, candidates)).toBe(meant)
  })
})

describe('faults as they are shown', () => {
  const fault = (line: number, column: number, message = 'm', code: Fault['code'] = 'value'): Fault => ({
    file: 'f',
    line,
    column,
    code,
    message,
    remedy: 'r',
  })
  test('in reading order, each said once', () => {
    const faults = [
      fault(2, 1),
      fault(1, 9),
      fault(1, 2),
      fault(1, 9),
      fault(1, 9, 'n'),
      fault(1, 9, 'm', 'type'),
      fault(10, 1),
    ]
    const shown = tidyFaults(faults).map(({ line, column, message, code }) => [line, column, message, code])
    expect(shown).toEqual([
      [1, 2, 'm', 'value'],
      [1, 9, 'm', 'value'],
      [1, 9, 'n', 'value'],
      [1, 9, 'm', 'type'],
      [2, 1, 'm', 'value'],
      [10, 1, 'm', 'value'],
    ])
    expect(tidyFaults([])).toEqual([])
  })
  test('a hundred at most, the last of which counts the rest', () => {
    const many = (count: number) => Array.from({ length: count }, (_, at) => fault(at + 1, 1))
    expect(tidyFaults(many(mostFaults))).toEqual(many(mostFaults))
    const cut = tidyFaults(many(mostFaults + 1))
    expect(cut).toHaveLength(mostFaults)
    expect(cut.slice(0, -1)).toEqual(many(mostFaults - 1))
    expect(cut.at(-1)).toEqual({
      ...fault(mostFaults, 1, '2 more faults follow', 'too_many_faults'),
      remedy: 'mend those above first',
    })
  })
})

test.each([
  ['requests/20261/12/a.yaml', 'the year has not four digits'],
  ['requests/a2026/12/a.yaml', 'the year has not four digits'],
  ['requests/2026/112/a.yaml', 'the month is not 01 to 12'],
  ['requests/2026/121/a.yaml', 'the month is not 01 to 12'],
  ['requests/2026/00/a.yaml', 'the month is not 01 to 12'],
  ['requests/2026/12/a.yml', 'its name ends in .yml, not .yaml'],
  ['requests/2026/12/.yml.x', 'its name does not end in .yaml'],
  [`requests/2026/12/${'a'.repeat(65)}.yaml`, 'its name is too long'],
  [
    `requests/2026/12/-${'a'.repeat(63)}.yaml`,
    'its name is not of a-z, 0-9 and -, starting with a letter or digit',
  ],
  ['requests/2026/12/', 'it is not directly in a month of a year'],
  ['requests/2026/12/a/b.yaml', 'it is not directly in a month of a year'],
  ['Requests/2026/12/a.yaml', 'it is not under requests/'],
])('%s: %s', (path, why) => {
  expect(canonicalPath(path)).toEqual({
    ok: false,
    message: `${path} is no path of a request: ${why}`,
    remedy: 'name it requests/YYYY/MM/<slug>.yaml, the slug of a-z, 0-9 and -, at most 64 long',
  })
})

test('text is quoted on one line, short, and with nothing that cannot be seen', () => {
  expect(quote('a\nb\u202Ec "d"')).toBe('"aU+000AbU+202Ec \\"d\\""')
  expect(quote('é'.repeat(60))).toBe(`"${'é'.repeat(60)}"`)
  expect(quote('é'.repeat(61))).toBe(`"${'é'.repeat(59)}…"`)
  expect(quote('abcd', 3)).toBe('"ab…"')
  expect(escapeUnseen('a\u00a0b\u0009c\u{e0001}d')).toBe('a bU+0009cU+E0001d')
  expect(quote('a\u00a0b')).toBe('"a\u00a0b"')
  expect(escapeUnseen('a\u00a0b', false)).toBe('a\u00a0b')
})
