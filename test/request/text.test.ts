import { describe, expect, test } from 'vitest'
import { readText } from '../../app/request/text.ts'

const limits = { bytes: 100, depth: 32, values: 100 }
const read = (...bytes: readonly number[]) => readText(Uint8Array.from(bytes), 'f', limits)
const says = (...bytes: readonly number[]) =>
  read(...bytes).faults.map(({ line, column, code, message }) => `${line}:${column} ${code}: ${message}`)
const wide = (encoding: string) => [`1:1 not_utf8: the file is written in ${encoding}`]
const [a, zero] = [0x61, 0]

describe('what a file is written in, by its first bytes', () => {
  test.each([
    ['a mark of UTF-16, little end first', [0xff, 0xfe, a, zero], 'UTF-16'],
    ['the mark alone', [0xff, 0xfe], 'UTF-16'],
    ['the mark and half a zero', [0xff, 0xfe, zero, a], 'UTF-16'],
    ['the mark and a zero at the end', [0xff, 0xfe, a, zero, zero], 'UTF-16'],
    ['a mark of UTF-32, little end first', [0xff, 0xfe, zero, zero], 'UTF-32'],
    ['a mark of UTF-16, big end first', [0xfe, 0xff, zero, a], 'UTF-16'],
    ['a mark of UTF-32, big end first', [zero, zero, 0xfe, 0xff], 'UTF-32'],
    ['UTF-32 without a mark, big end first', [zero, zero, zero, a], 'UTF-32'],
    ['UTF-32 without a mark, little end first', [a, zero, zero, zero], 'UTF-32'],
    ['UTF-16 without a mark, big end first', [zero, a, zero, a], 'UTF-16'],
    ['UTF-16 without a mark, little end first', [a, zero, a, zero], 'UTF-16'],
  ] as const)('%s', (_, bytes, encoding) => {
    expect(says(...bytes)).toEqual(wide(encoding))
  })

  test.each([
    ['half a mark', [0xff, a]],
    ['the other half', [a, 0xfe]],
    ['half of the other mark', [0xfe, a]],
    ['three zeroes', [zero, zero, zero]],
    ['four zeroes', [zero, zero, zero, zero]],
    ['two zeroes and half a mark', [zero, zero, 0xfe, a]],
    ['two zeroes and the other half', [zero, zero, a, 0xff]],
    ['a zero, and nothing but letters', [zero, a, a, a]],
    ['zeroes in the middle', [a, zero, zero, a]],
    ['one zero', [a, zero, a, a]],
    ['a zero in the end', [a, a, a, zero]],
    ['a zero third', [a, a, zero, a]],
    ['letters', [a, a, a, a]],
    ['a letter and half a mark', [a, 0xff]],
    ['a zero, a letter, two zeroes', [zero, a, zero, zero]],
    ['two zeroes, a letter, a zero', [zero, zero, a, zero]],
    ['two letters, two zeroes', [a, a, zero, zero]],
  ] as const)('%s is none of these', (_, bytes) => {
    expect(says(...bytes).join()).not.toContain('written in')
  })
})

test('a byte that is no UTF-8 is named where it stands', () => {
  expect(says(a, 0x0a, a, 0x80)).toEqual(['2:2 not_utf8: the byte 80 here is not UTF-8'])
  expect(says(a, 0xc0, 0x01)).toEqual(['1:2 not_utf8: the byte C0 here is not UTF-8'])
  expect(says(a, 0xe2, 0x82)).toEqual(['1:2 not_utf8: the byte E2 here is not UTF-8'])
  expect(says(a, 0xef)).toEqual(['1:3 not_utf8: the file ends inside a character'])
  expect(says(a, 0xef, 0xbf)).toEqual(['1:3 not_utf8: the file ends inside a character'])
  expect(read(0xef, 0xbf, 0xbd)).toEqual({ text: '\ufffd', faults: [] })
})

test('as many bytes as are allowed are read, and not one more', () => {
  expect(read(...Array(100).fill(a))).toEqual({ text: 'a'.repeat(100), faults: [] })
  expect(says(...Array(101).fill(a))).toEqual([
    '1:1 too_large: the file has 101 bytes, and at most 100 are read',
  ])
})

test('characters that cannot be seen are named, and blanks stand where they stood', () => {
  const bytes = [...new TextEncoder().encode('\ufeffa\u0001\u0002b\r\nc\td\u202Ee\rf')]
  const { text, faults } = read(...bytes)
  expect(text).toBe('a  b\r\nc\td e f')
  expect(
    faults.map(({ line, column, endColumn, code, message }) => [line, column, endColumn, code, message]),
  ).toEqual([
    [1, 1, undefined, 'byte_order_mark', 'the file starts with a byte order mark'],
    [1, 2, 4, 'control_character', 'the control character U+0001 is not allowed'],
    [2, 6, 7, 'control_character', 'the control character U+000D is not allowed'],
    [2, 4, 5, 'hidden_character', 'the invisible or direction-changing character U+202E is not allowed'],
  ])
})

test('twenty of each kind are shown', () => {
  const bytes = [...new TextEncoder().encode('\u0001a'.repeat(21))]
  expect(read(...bytes).faults).toHaveLength(20)
})
