import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSources } from '../../app/policy/sources.ts'

const files = (entries: Readonly<Record<string, string | Uint8Array>>) =>
  new Map(
    Object.entries(entries).map(([path, text]) => [
      path,
      typeof text === 'string' ? Buffer.from(text) : text,
    ]),
  )
/** More than anybody reads in time who reads any of it twice for each time that it comes. */
const many = 20_000
const only = (path: string, text: string | Uint8Array) => readSources(files({ [path]: text })).faults[0]

test('tells policies, library and tests apart; names and types follow from file and package', () => {
  const sources = readSources(
    files({
      'policies/b.rego': 'package gitsudo.approval\n',
      'policies/team/a.rego': '# why\r\n\r\npackage jitsudo.eligibility # here\r\nallow { true }\r\n',
      'policies/lib/x.rego': 'package lib.x\n',
      'policies/tests/b_test.rego': 'package anything',
      'policies/data/roles.yaml': 'not looked at',
      'policies/evil.wasm': 'not looked at',
    }),
  )
  expect(sources.faults).toEqual([])
  expect(sources.policies.map(({ name, type, root, path }) => [name, type, root, path])).toEqual([
    ['a', 'eligibility', 'jitsudo', 'policies/team/a.rego'],
    ['b', 'approval', 'gitsudo', 'policies/b.rego'],
  ])
  expect(sources.lib.map(({ path }) => path)).toEqual(['policies/lib/x.rego'])
  expect(sources.tests.map(({ path }) => path)).toEqual(['policies/tests/b_test.rego'])
})

test.each([
  ['no package', 'policies/a.rego', 'allow := true', 'package', 1],
  ['a package that is no policy', 'policies/a.rego', '#\npackage gitsudo.eligibilty', 'package', 2],
  ['a policy package in the library', 'policies/lib/a.rego', 'package gitsudo.approval', 'package', 1],
  ['a library that hides data', 'policies/lib/a.rego', 'package roles.extra', 'package', 1],
  [
    'both roots',
    'policies/a.rego',
    'package gitsudo.approval\n\nx := data.jitsudo.eligibility.allow',
    'mixed_roots',
    3,
  ],
  [
    'both roots by index',
    'policies/a.rego',
    'package jitsudo.approval\nx := data["gitsudo"].a',
    'mixed_roots',
    2,
  ],
  [
    'an import of the other root',
    'policies/a.rego',
    'package jitsudo.approval\nimport data.gitsudo.x',
    'mixed_roots',
    2,
  ],
  ['a name with a space', 'policies/a b.rego', 'package gitsudo.approval', 'path', 1],
  ['a hidden file', 'policies/.a.rego', 'package gitsudo.approval', 'path', 1],
  ['a path that climbs', 'policies/../a.rego', 'package gitsudo.approval', 'path', 1],
  ['bytes that are no UTF-8', 'policies/a.rego', new Uint8Array([0xff, 0xfe]), 'not_utf8', 1],
  ['a quarter of a megabyte and one', 'policies/a.rego', new Uint8Array(262_145), 'too_large', 1],
])('refuses %s', (_, path, text, code, line) => {
  expect(only(path, text)).toMatchObject({ file: path, code, line })
})

test('the other root in a comment or a string is no reference', () => {
  const text = 'package gitsudo.approval\n# once data.jitsudo.x\nx := "data.jitsudo.y"\n'
  expect(only('policies/a.rego', text)).toBeUndefined()
})

test('two files of one name are told from each other', () => {
  const { faults } = readSources(
    files({
      'policies/a/x.rego': 'package gitsudo.approval',
      'policies/b/x.rego': 'package gitsudo.approval',
    }),
  )
  expect(faults).toMatchObject([{ file: 'policies/b/x.rego', code: 'name' }])
})

test('any bytes at any path are told apart or refused, never thrown at', () => {
  const path = fc.oneof(
    fc.string(),
    fc.string().map((name) => `policies/${name}.rego`),
  )
  const text = fc.oneof(
    fc.uint8Array(),
    fc.string().map((rest) => Buffer.from(`package gitsudo.approval\n${rest}`)),
  )
  fc.assert(
    fc.property(path, text, (name, bytes) => {
      const { policies, lib, tests, faults } = readSources(new Map([[name, bytes]]))
      expect(policies.length + lib.length + tests.length + faults.length).toBe(name.endsWith('.rego') ? 1 : 0)
    }),
  )
})

const annotated = (...lines: readonly string[]) =>
  only('policies/a.rego', ['package gitsudo.eligibility', '', ...lines, 'allow := true', ''].join('\n'))

test.each([
  ['plain', ['# METADATA', '# schemas:', '#   - input: {"$ref": "file:///etc/keys.json"}'], 4],
  ['escaped', ['#METADATA', '# title: x', '# "sch\\x65mas": []'], 5],
  ['tagged', ['  # METADATA scope', '  # ? !!binary c2NoZW1hcw==', '  # : []'], 4],
  ['behind a rule', ['x := "#" # METADATA', '# schemas: []'], 4],
])('an annotation that names a schema (%s) is refused: the compiler would read it', (_, lines, line) => {
  expect(annotated(...lines)).toMatchObject({ code: 'annotation', line })
})

test('other annotations, and schemas elsewhere, are nobody’s business', () => {
  expect(annotated('# METADATA', '# title: Who may', '# description: wait!', '', '# schemas: none')).toBe(
    undefined,
  )
  expect(annotated('# schemas: none', 'x := regex.match(`\\d`, "!important")')).toBe(undefined)
})

test.each([
  ['comments that end in a carriage return', `${'# c\r\n'.repeat(many)}allow`, 'package'],
  ['lines of carriage returns', `${'\r\r\r\n'.repeat(many)}allow`, 'package'],
  ['blanks before no package', `${' '.repeat(many)}\n${'\t'.repeat(many)}x`, 'package'],
  ['a string that never ends', `package gitsudo.approval\nx := "${'\\""'.repeat(many)}`, undefined],
  ['one that ends in half an escape', `package gitsudo.approval\nx := "${'\\"'.repeat(many)}\\`, undefined],
  ['a raw string that never ends', `package gitsudo.approval\nx := ${'`"'.repeat(many)}`, undefined],
  ['data of nobody', `package gitsudo.approval\nx := ${`data${' '.repeat(9)}`.repeat(many)}`, undefined],
])('reads %s in one pass', (_, text, code) => {
  expect(only('policies/a.rego', text)?.code).toBe(code)
})

test.each([
  ['behind a string that never ends', 'x := "a data.jitsudo.x'],
  ['behind one that ends in half an escape', 'x := "\\" data.jitsudo.x \\'],
])('what is %s is not hidden', (_, line) => {
  expect(only('policies/a.rego', `package gitsudo.approval\n${line}`)?.code).toBe('mixed_roots')
})
