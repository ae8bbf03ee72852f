import { describe, expect, test } from 'vitest'
import { schemaReader } from '../../app/request/check-schema.ts'
import { plainScalar } from '../../app/request/scalar.ts'
import { readStrictYaml } from '../../app/request/yaml.ts'
import { bytesOf, goodFile } from './request-file.ts'

const anything = schemaReader({ $id: 'anything' }, { bytes: 65_536, depth: 4, values: 60 })

/** What is told of a file, and what of it was read. */
function reading(text: string) {
  const { document, faults } = anything(bytesOf(text), 'f')
  const told = faults.map(
    ({ line, column, code, message, remedy }) => `${line}:${column} ${code}: ${message}; ${remedy}`,
  )
  return { told, value: document === undefined ? undefined : JSON.stringify(document.value) }
}

const misread = (line: string) =>
  `syntax: YAML cannot read ${JSON.stringify(line)} here; write each field as \`name: value\`, with a space after the colon, aligned with its neighbours`
const indented = (line: string) =>
  `syntax: YAML cannot read ${JSON.stringify(line)} here; align it with its neighbours; text that contains ": " or " #", or starts with one of @ \` % { } [ ] , goes in double quotes`
const colonless = (line: string) =>
  `syntax: ${JSON.stringify(line)} has no colon; write each field as \`name: value\``
const unclosed = 'syntax: a quote or bracket is opened here and not closed; close it'
const deep = 'too_deep: collections nest more than 4 deep; write it flatter'
const second = 'second_document: a second document starts here; write it to a file of its own'

type Row = readonly [name: string, text: string, value: string | undefined, told: readonly string[]]

describe('lines that cannot be read are told, each once and where to mend it, and the others are read', () => {
  test.each<Row>([
    ['on the last line, without an end', 'a: b\nm: n: o', '{"a":"b"}', [`2:5 ${indented('m: n: o')}`]],
    ['at the very start', '@', undefined, [`1:1 ${misread('@')}`]],
    ['a tab at the very start', '\tp: q', undefined, [`1:3 ${misread('p: q')}`]],
    ['below empty lines', '\n\n`', undefined, [`3:1 ${misread('`')}`]],
    ['a bracket below a field', 'a: b\n]', '{"a":"b"}', [`2:1 ${misread(']')}`]],
    ['a bracket below a marker', '---\n}', 'null', [`2:1 ${misread('}')}`]],
    [
      'children of a line that was not read',
      'g: @h\n  c: d\n  i: j\n',
      '{"c":"d","i":"j"}',
      [`1:4 ${indented('g: @h')}`],
    ],
    [
      'a block within fields below such a line',
      'a: b\ng: @h\n  c: d\n  i: j\nk: l\n',
      '{"a":"b","k":"l"}',
      [`2:4 ${indented('g: @h')}`],
    ],
    [
      'a child of another line',
      'g: @h\na: b\n  c: d\n',
      '{"a":"b"}',
      [`1:4 ${indented('g: @h')}`, `3:4 ${indented('c: d')}`],
    ],
    ['two in a row', '}\n}\n', undefined, [`1:1 ${misread('}')}`]],
    ['two in a row, and a word', '}\n}\ne f\n', undefined, [`1:1 ${misread('}')}`]],
    ['one, and a word', '}\ne f', '"e f"', [`1:1 ${misread('}')}`]],
    ['one behind another', 'a: b\ne f\n}\n', undefined, [`2:3 ${colonless('e f')}`, `3:1 ${colonless('}')}`]],
    ['an open quote below one', '}\n"z\\\n', undefined, [`1:1 ${misread('}')}`, `2:1 ${unclosed}`]],
    [
      'an open quote with a break',
      'a: b\ni: "j\\\n  k\n',
      '{"a":"b\\nk"}',
      [
        '1:4 control_character: the text has a line break; write it on one line, or with >- before it',
        `2:4 ${unclosed}`,
      ],
    ],
    [
      'an open quote with a break, and nothing else',
      '"z\\\ne f\n"z\\\n',
      undefined,
      [`1:1 ${unclosed}`, `3:2 ${misread('"z\\')}`],
    ],
    ['an open quote twice', '"z\n}\n"z\n', undefined, [`1:1 ${unclosed}`, `3:2 ${misread('"z')}`]],
    [
      'a tag that is not closed',
      'a:\n  t: !<u\n',
      '{"a":null}',
      ['2:3 syntax: an unquoted ! starts a tag, and tags are not read; put the whole text in double quotes'],
    ],
    ['too deep below one', '}\na: [[[[[[[', undefined, [`1:1 ${misread('}')}`, `2:9 ${deep}`]],
    ['too deep, and a field below', 'a: [[[[[[[\nb: c\n', undefined, [`1:9 ${deep}`]],
    [
      'a version that nobody reads',
      '%YAML 2.0\n---\na: b\n',
      undefined,
      ['2:1 syntax: a line that starts with % is a directive, and directives are not read; remove the line'],
    ],
    [
      'a word, and an open quote below',
      'a: b\n"z\ni: "j\n',
      '{"a":"b"}',
      [`2:2 ${colonless('"z')}`, `3:4 ${unclosed}`],
    ],
    [
      'two, fields between them',
      '}\na: b\ng: @h\n',
      '{"a":"b"}',
      [`1:1 ${misread('}')}`, `3:4 ${indented('g: @h')}`],
    ],
  ])('%s', (_, text, value, told) => expect(reading(text)).toEqual({ told, value }))
})

describe('what strict YAML refuses, and what it only looks like', () => {
  test.each<Row>([
    ['a marker as the last line', 'a: b\n---', '{"a":"b"}', [`2:1 ${second}`]],
    ['a marker with text behind', 'a: b\n--- c\n', '{"a":"b"}', [`2:1 ${second}`]],
    [
      'dots in a comment before the marker',
      'a: b # and ...\n# so on ... \n---\n',
      '{"a":"b"}',
      [`3:1 ${second}`],
    ],
    [
      'control characters only',
      '\u0007\n',
      undefined,
      [
        '1:1 control_character: the control character U+0007 is not allowed; remove it; lines end with LF or CRLF',
      ],
    ],
    [
      'a name that is an alias',
      '? *x\n\n',
      '{}',
      ['1:3 alias: aliases are not read; write the value out, or put text that starts with * in quotes'],
    ],
    ['a name that is a list', '? [a]\n\n', '{}', ['1:3 key: a key must be plain text; write `name: value`']],
    ['an unquoted text with a backslash', 'a: \\U00110000', '{"a":"\\\\U00110000"}', []],
    ['an escaped backslash', 'a: "\\\\U00110000"', '{"a":"\\\\U00110000"}', []],
    [
      'the last character there is',
      'a: "\\U0010FFFF"',
      '{"a":"\u{10FFFF}"}',
      ['1:4 control_character: the text contains the character U+10FFFF; remove it'],
    ],
    [
      'the first that is none',
      'a: "\\U00110000"',
      '{"a":"\\udc00\\udc00"}',
      ['1:4 control_character: \\U00110000 is no character; write the character itself'],
    ],
    [
      'octal for one half',
      'a: 0o7',
      '{"a":7}',
      [
        '1:4 ambiguous: "0o7" without quotes is text to some YAML readers; write "0o7" in quotes if it is text, else true, false or a plain decimal number',
      ],
    ],
    [
      'binary for the other',
      'a: 0b1',
      '{"a":"0b1"}',
      [
        '1:4 ambiguous: "0b1" without quotes is 1 to some YAML readers; write "0b1" in quotes if it is text, else true, false or a plain decimal number',
      ],
    ],
    ['sixty values', `[${'a,'.repeat(56)}]`, JSON.stringify(Array(56).fill('a')), []],
    [
      'sixty-one values',
      `[${'a,'.repeat(57)}]`,
      undefined,
      ['1:1 too_many_values: the file has more than 60 values; make the file shorter'],
    ],
  ])('%s', (_, text, value, told) => expect(reading(text)).toEqual({ told, value }))
})

test('a fault that has no pointer has none', () => {
  expect(readStrictYaml(bytesOf('@'), 'f', { bytes: 9, depth: 4, values: 60 }).faults).toStrictEqual([
    {
      file: 'f',
      line: 1,
      column: 1,
      endLine: 1,
      endColumn: 1,
      code: 'syntax',
      message: 'YAML cannot read "@" here',
      remedy: 'write each field as `name: value`, with a space after the colon, aligned with its neighbours',
    },
  ])
})

test.each([
  ['0o7', { value: 7, yaml11: 'text' }],
  ['0b1', { value: '0b1', yaml11: '1' }],
  ['~', { value: null }],
  ['NULL', { value: null }],
  ['', { value: null }],
  ['2026-12-01', { value: '2026-12-01' }],
])('%j without quotes', (text, meaning) => expect(plainScalar(text)).toEqual(meaning))

describe('a file is read again and again only while it is short', () => {
  test.each([
    ['every one', 16_384, goodFile, 'x y\nz: [\n', [15, 16]],
    ['the first', 16_385, goodFile, 'x y\nz: [\n', [15]],
    ['where the quote opens', 8_192, 'a: "b\n', 'c: d\n', [1]],
    ['wherever it was missed', 8_193, 'a: "b\n', 'c: d\n', [1, 2, 3]],
  ] as const)('%s, in %i characters', (_, length, start, end, lines) => {
    const text = `${start}#${'x'.repeat(length - start.length - end.length - 2)}\n${end}`
    expect(text).toHaveLength(length)
    const faults = anything(bytesOf(text), 'f').faults.filter(({ code }) => code === 'syntax')
    expect(faults.map(({ line }) => line)).toEqual(lines)
  })
})
