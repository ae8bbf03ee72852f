import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { load } from 'js-yaml'
import { expect, test } from 'vitest'
import { readRequest } from '../../app/request/read.ts'
import { accessRequestSchema } from '../../app/request/schema.ts'
import { bytesOf, goodFile, goodPath } from './request-file.ts'

const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
const allowed = ajv.compile(accessRequestSchema)

/**
 * Whatever the bytes, the reader answers; what it lets through, an ordinary YAML reader and plain ajv let
 * through too, and every value came out as it stands in the file.
 */
function sound(bytes: Uint8Array): void {
  const reading = readRequest(bytes, goodPath)
  if (!reading.ok) {
    expect(reading.faults.length).toBeGreaterThan(0)
    for (const { line, column, message, remedy } of reading.faults) {
      expect(line >= 1 && column >= 1).toBe(true)
      expect(`${message}${remedy}`).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Cs}]/u)
    }
    return
  }
  const value = load(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as {
    spec: Record<string, unknown>
  }
  expect(allowed(value), JSON.stringify(allowed.errors)).toBe(true)
  const { requester, provider, role, scope, reason, metadata, breakGlass } = reading.request
  expect({ requester, provider, role, scope, reason }).toEqual({
    requester: value.spec.requester,
    provider: value.spec.provider,
    role: value.spec.role,
    scope: value.spec.scope,
    reason: value.spec.reason,
  })
  expect(metadata).toEqual(value.spec.metadata ?? {})
  expect(breakGlass).toBe(value.spec.breakGlass ?? false)
  const texts = [
    requester,
    role,
    scope,
    reason,
    reading.request.ticket ?? '',
    ...Object.entries(metadata).flat(),
  ]
  expect(texts.join('')).not.toMatch(/[\p{Cc}\p{Bidi_Control}\p{Cs}]/u)
}

test('arbitrary bytes', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), sound), { numRuns: 2_000 })
})

test('arbitrary YAML-like text', () => {
  const token = fc.constantFrom(
    ...[
      'a',
      'b: ',
      '- ',
      '? ',
      ': ',
      '\n',
      '\n  ',
      '\n    ',
      '{',
      '}',
      '[',
      ']',
      ', ',
      '"',
      "'",
      '&x ',
      '*x',
      '!t ',
      '!!str ',
      '|',
      '>-',
      '#',
      '\t',
      '---\n',
      '...\n',
      '%YAML 1.2\n',
      '<<: ',
      '~',
      'yes',
      '0o7',
      '\\u202e',
      '\r\n',
      '\r',
      '\ufeff',
      '@',
      '`',
      '\u2028',
      '😀',
    ],
  )
  fc.assert(
    fc.property(fc.array(token, { maxLength: 80 }), (parts) => sound(bytesOf(parts.join('')))),
    { numRuns: 5_000 },
  )
})

test('a valid file, mutated', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 4 }),
    fc.constantFrom(
      ...[
        '"',
        "'",
        ': ',
        '\n',
        '\n  ',
        '\n\n',
        '- ',
        '*a',
        '&a ',
        '!!str ',
        '[',
        ']',
        '{',
        '}',
        '#',
        '\t',
        '\0',
        '\u202e',
        '\ufeff',
        '---\n',
        '<<: *a',
        '__proto__: 1',
        'yes',
        '~',
        '"\\u0000"',
        '>-\n    ',
        '\r',
        'spec:',
        '  role: x\n',
        '1e3',
        '0777',
      ],
    ),
  )
  const edit = fc.record({ at: fc.nat(goodFile.length), remove: fc.nat(12), insert: piece })
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const text = edits.reduce(
        (rest, { at, remove, insert }) => rest.slice(0, at) + insert + rest.slice(at + remove),
        goodFile,
      )
      sound(bytesOf(text))
    }),
    { numRuns: 10_000 },
  )
})

test('a valid file with one byte changed', () => {
  const bytes = bytesOf(goodFile)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, byte) => sound(bytes.with(at, byte))),
    { numRuns: 5_000 },
  )
})

test('values of every kind in every field', () => {
  const fields = Object.keys(accessRequestSchema.properties.spec.properties)
  fc.assert(
    fc.property(fc.constantFrom(...fields), fc.jsonValue({ maxDepth: 3 }), (field, value) => {
      const file = {
        apiVersion: 'gitsudo.dev/v1',
        kind: 'AccessRequest',
        spec: {
          requester: 'alice',
          provider: 'mock',
          role: 'r',
          scope: 's',
          duration: '1h',
          reason: 'x',
          [field]: value,
        },
      }
      sound(bytesOf(JSON.stringify(file)))
    }),
    { numRuns: 3_000 },
  )
})
