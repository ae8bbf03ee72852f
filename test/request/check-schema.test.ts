import { expect, test } from 'vitest'
import { faultAt, type Schema, schemaReader } from '../../app/request/check-schema.ts'
import { readStrictYaml } from '../../app/request/yaml.ts'
import { bytesOf } from './request-file.ts'

const limits = { bytes: 65_536, depth: 4, values: 5_000 }
const read = (schema: Omit<Schema, '$id'>, text: string) =>
  schemaReader({ $id: 'test', ...schema }, limits)(bytesOf(text), 'f').faults
const told = (schema: Omit<Schema, '$id'>, text: string) =>
  read(schema, text).map(
    ({ line, column, code, pointer, message, remedy }) =>
      `${line}:${column} ${code} ${pointer}: ${message}; ${remedy}`,
  )

const texts = (pattern: string, example: string) => ({
  type: 'object',
  additionalProperties: { type: 'string', pattern, examples: [example] },
})
const list = {
  type: 'object',
  additionalProperties: { type: 'array', items: { type: 'string', pattern: '^b$', examples: ['b'] } },
}

/** Keywords that the schemas of the files do not use, or use where they cannot fail. */
test.each<[string, Omit<Schema, '$id'>, string, readonly string[]]>([
  [
    'text that is empty',
    { type: 'string', minLength: 1, examples: ['a'] },
    '""',
    ['1:1 value : the file is empty; write it like a'],
  ],
  [
    'a mapping without entries',
    { type: 'object', minProperties: 1 },
    '{}',
    ['1:1 value : the file has no entry; add one'],
  ],
  [
    'a list without entries',
    { type: 'array', minItems: 1 },
    '[]',
    ['1:1 value : the file has no entry; add one'],
  ],
  [
    'a list with too many',
    { type: 'array', maxItems: 1 },
    '[a, b]',
    ['1:1 value : the file has more than 1 entries; remove some'],
  ],
  [
    'an entry twice',
    { type: 'array', uniqueItems: true },
    '[a, b, a]',
    ['1:1 value : the file has the same entry twice; remove one of the two'],
  ],
  [
    'a keyword without words of its own',
    { type: 'integer', multipleOf: 2, examples: [4] },
    '3',
    ['1:1 value : the file must be multiple of 2; write it like 4'],
  ],
  [
    'a name that every object has',
    { type: 'object', required: ['toString', 'b'] },
    '{}',
    ['1:1 missing : toString is missing; add `toString: …`', '1:1 missing : b is missing; add `b: …`'],
  ],
  [
    'a field that is not described',
    { type: 'object', required: ['b'] },
    'c: d',
    ['1:1 missing : b is missing; add `b: …`'],
  ],
  [
    'the eleventh entry',
    list,
    `l: [${'b, '.repeat(10)}c]`,
    ['1:35 value /l/10: "c" is no entry of l; write it like b'],
  ],
  [
    'a name that ends in a digit',
    texts('^b$', 'b'),
    'a1: c',
    ['1:5 value /a1: "c" is no a1; write it like b'],
  ],
  [
    'a name that starts with one',
    texts('^b$', 'b'),
    '1a: c',
    ['1:5 value /1a: "c" is no 1a; write it like b'],
  ],
  ['an example of digits', texts('^\\d+$', '42'), 'a: c', ['1:4 value /a: "c" is no a; write it like "42"']],
  [
    'a time',
    {
      type: 'object',
      properties: { at: { type: 'string', format: 'date-time', examples: ['2026-12-01T08:00:00Z'] } },
    },
    'at: noon',
    ['1:5 value /at: "noon" is no at; write it like 2026-12-01T08:00:00Z'],
  ],
  [
    'a mapping for a number',
    { const: 1 },
    'a: b',
    ['1:1 value : the file must be 1, not "a mapping"; write 1'],
  ],
])('%s', (_, schema, text, expected) => expect(told(schema, text)).toEqual(expected))

test('a thousand faults are worded, so that a hundred can be shown', () => {
  expect(read(list, `l: [${'c, '.repeat(1_100)}]`).at(-1)).toMatchObject({
    message: '901 more faults follow',
  })
})

test('a fault at what the file does not have stands at its start', () => {
  const { document } = readStrictYaml(bytesOf('a: b'), 'f', limits)
  if (document === undefined) throw new Error('not read')
  const whole = { file: 'f', code: 'missing', message: 'm', remedy: 'r' }
  const fault = (pointer: string, atKey: boolean) => faultAt(document, pointer, 'missing', 'm', 'r', atKey)
  const start = { line: 1, column: 1 }
  expect(fault('/c', true)).toEqual({ ...whole, pointer: '/c', ...start })
  expect(fault('/c', false)).toEqual({ ...whole, pointer: '/c', ...start })
  expect(fault('/a', true)).toEqual({ ...whole, pointer: '/a', ...start, endLine: 1, endColumn: 2 })
  expect(fault('/a', false)).toEqual({
    ...whole,
    pointer: '/a',
    line: 1,
    column: 4,
    endLine: 1,
    endColumn: 5,
  })
  expect(fault('', true)).toEqual({ ...whole, pointer: '', ...start, endLine: 1, endColumn: 5 })
})
