import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readRequest } from '../../app/request/read.ts'
import { readStrictYaml } from '../../app/request/yaml.ts'
import { bytesOf, goodFile, goodPath } from './request-file.ts'

const spoil = (from: string, to: string) => goodFile.replace(from, to)
const reason = (to: string) => spoil('INC-4421 ECS tasks crash-looping', to)
const metadata = (to: string) => spoil('{service: checkout}', to)
const scope = (to: string) => spoil('"123456789012"', to)

/** Files, each with something wrong. What is told of them, word for word and place for place, is in `told.json`. */
const files: Readonly<Record<string, string>> = {
  nothing: '',
  'blanks and a comment': '\n  \n# later\n',
  null: '~\n',
  'a list': '- a\n- b\n',
  'a word': 'hello\n',
  'a number': '42\n',
  'an empty mapping': '{}\n',
  'no duration and no scope': goodFile.replace('  duration: 2h\n', '').replace(/ {2}scope: .*\n/, ''),
  'no spec': 'apiVersion: gitsudo.dev/v1\nkind: AccessRequest\n',
  'an empty spec': 'apiVersion: gitsudo.dev/v1\nkind: AccessRequest\nspec:\n',
  'another version': spoil('gitsudo.dev/v1', 'gitsudo.dev/v2'),
  'another kind': spoil('AccessRequest', 'Accessrequest'),
  'unknown fields, one near another': spoil('requester: alice', 'reqester: alice\n  zzzzzz: 1'),
  'a field in another case': spoil('ticket:', 'Ticket:'),
  'wrong types': goodFile
    .replace('"123456789012"', '123456789012')
    .replace('2h', '2')
    .replace('INC-4421 ECS tasks crash-looping', '[a, b]')
    .replace('breakGlass: false', 'breakGlass: "no"')
    .replace('requester: alice', 'requester: {a: b}')
    .replace('role: prod-infra-admin', 'role:')
    .replace('ticket: INC-4421', 'ticket: true'),
  'a scope that is a float': scope('1.0'),
  'a scope that is hexadecimal': scope('0x1F'),
  'a scope that is octal to some': scope('0777'),
  'a scope that is sexagesimal to some': scope('1:30'),
  'a scope with underscores': scope('1_000'),
  'a scope that is yes': scope('yes'),
  'a scope that is null to some': scope('~'),
  'a scope that is infinite': scope('.inf'),
  'a scope with a star': scope('"*"'),
  'a tagged scope': scope('!!str 12'),
  'a provider near one': spoil('aws', 'azur'),
  'a provider that is a number': spoil('aws', '5'),
  'a provider that is a list': spoil('aws', '[aws]'),
  'a provider near none': spoil('aws', 'oracle-cloud'),
  'a login with an at': spoil('alice', '"@alice"'),
  'a duration of nothing': spoil('2h', '0s'),
  'a duration in a list': spoil('2h', '[2h]'),
  'a duration too long': spoil('2h', '31d'),
  'a duration of no form': spoil('2h', 'two hours'),
  'a start that is no time': spoil('2026-12-01T08:00:00Z', '2026-13-01T08:00:00Z'),
  'a start without a zone': spoil('2026-12-01T08:00:00Z', '2026-12-01T08:00:00'),
  'an empty reason': reason('""'),
  'a reason of blanks': reason('"  "'),
  'a reason too long': reason('x'.repeat(1001)),
  'a reason of two lines': reason('|-\n    one\n    two'),
  'a reason with NUL': reason('"a\\0b"'),
  'a reason with an escape beyond Unicode': reason('"a\\UFFFFFFFFb"'),
  'a reason with an escape within Unicode': reason('"a\\U0001F600b"'),
  'a reason with a hidden character': reason('"a\\u202Eb"'),
  'a ticket with blanks': spoil('ticket: INC-4421', 'ticket: "INC 4421"'),
  'metadata that is text': metadata('checkout'),
  'metadata that is a list': metadata('[checkout]'),
  'metadata with a number': metadata('{a: 1}'),
  'metadata with a wrong name': metadata('{"a b": c}'),
  'metadata with a number for a name': metadata('{1: a}'),
  'metadata with yes for a name': metadata('{yes: a}'),
  'metadata with a name that is null': metadata('{~: a}'),
  'metadata with an empty name': metadata('{"": a}'),
  'metadata with slashes and tildes': metadata('{a/b~c: 1}'),
  'metadata with a name of its prototype': metadata('{constructor: a, __proto__: b}'),
  'metadata with a list for a name': metadata('{[a]: b, c: d}'),
  'metadata with a mapping for a name': metadata('{{a: b}: c}'),
  'metadata with a question': metadata('\n    ? a\n    : b\n    ? [c]\n    : d'),
  'metadata with 33 names': metadata(`{${Array.from({ length: 33 }, (_, at) => `a${at}: b`).join(', ')}}`),
  'metadata twice, wrong once': spoil('ticket: INC-4421', 'metadata: {service: 1}'),
  'metadata with a name twice': metadata('{a: b, c: d, a: e}'),
  'a field twice, and once more': spoil('ticket: INC-4421', 'role: one\n  "role": two'),
  'an anchor and its alias': goodFile.replace('role: prod', 'role: &r prod').replace('"123456789012"', '*r'),
  'an alias for a name': spoil('ticket:', '*t :'),
  'an alias in a list': metadata('{a: [*x, b]}'),
  'a merge': spoil('ticket: INC-4421', '<<: {ticket: INC-4421}'),
  'a merge of what is required': spoil('role: prod-infra-admin', '<<: {role: admin}'),
  'a merge in quotes': spoil('ticket: INC-4421', '"<<": x'),
  'a local tag': spoil('role: prod', 'role: !env prod'),
  'a tagged mapping': metadata('!!map {a: b}'),
  'two directives': `%YAML 1.2\n%TAG ! tag:x,2000:\n---\n${goodFile}`,
  'a second document': `${goodFile}---\n${goodFile}`,
  'a second document after an end': `${goodFile}...\nmore: text\n`,
  'two markers and nothing between': `---\n---\n${goodFile}`,
  'nesting too deep': metadata(`{a: ${'['.repeat(31)}${']'.repeat(31)}}`),
  'nesting far too deep': '['.repeat(2000),
  'a tab': spoil('  role:', '\trole:'),
  'too much indentation': spoil('  role:', '    role:'),
  'too little indentation': spoil('  role:', ' role:'),
  'no colon': spoil('role: prod-infra-admin', 'role prod-infra-admin'),
  'no colon in the first line': `gitsudo\n${goodFile}`,
  'no space after a colon': spoil('role: prod-infra-admin', 'role:prod-infra-admin'),
  'a colon in a text': reason('INC-4421: ECS tasks'),
  'a quote not closed': spoil('"123456789012"', '"123456789012'),
  'a single quote not closed': reason("'it"),
  'a bracket not closed': metadata('{service: checkout'),
  'a bracket closed twice': metadata('{service: checkout}}'),
  'a comma missing': metadata('{a: b c: d}'),
  'a comma missing in a list': metadata('[a: b, "c" "d"]'),
  'a comma too many': metadata('{a: b,, c: d}'),
  'an escape of nothing': reason('"a\\qb"'),
  'an escape of half a character': reason('"a\\x1"'),
  'a percent': reason('%done'),
  'a text that starts with an at': reason('@alice said so'),
  'a text that starts with a backtick': reason('`date`'),
  'a text that starts with a bracket': reason('[urgent] now'),
  'a text on the line of its sign': reason('> now'),
  'signs that nobody knows': reason('>-9x\n    now'),
  'an ampersand alone': reason('& more'),
  'a star alone': reason('* more'),
  'an exclamation mark': reason('!now please'),
  'a dash among fields': spoil('  ticket:', '  - ticket:'),
  'values that stand on lines that cannot be read': goodFile
    .replace('AccessRequest', '\n  @AccessRequest')
    .replace('aws', '\n    "aws" @')
    .replace('2h', '\n    @2h'),
  'fields on lines that cannot be read, and values that are wrong': goodFile
    .replace('role: prod-infra-admin', 'role prod-infra-admin')
    .replace('aws', '[aws]')
    .replace('2h', '[2h]'),
  'three faults on three lines': goodFile
    .replace('role: prod-infra-admin', 'role prod-infra-admin')
    .replace('"123456789012"', '"1')
    .replace('ticket: INC-4421', 'ticket: [a'),
  'many faults': Array.from({ length: 20 }, (_, at) => `key${at}: [\n`).join(''),
  'a fault in a long file': `${goodFile}${'# filler\n'.repeat(2000)}x y\nz: [\n`,
  'characters that cannot be seen': reason('a\u0007b\u200bc'),
}

const range = (at: { line: number; column: number; endLine?: number; endColumn?: number }) =>
  `${at.line}:${at.column}${at.endLine === undefined ? '' : `-${at.endLine}:${at.endColumn}`}`

/** What is told of a file: where, the code, the value's pointer, what is wrong, and what to write instead. */
const tell = (text: string): readonly string[] => {
  const reading = readRequest(bytesOf(text), goodPath)
  return reading.ok
    ? []
    : reading.faults.map(({ code, pointer, message, remedy, ...at }) =>
        [range(at), code, pointer ?? '-', message, remedy].join(' | '),
      )
}

const placesOf = (text: string): Readonly<Record<string, string>> => {
  const { document } = readStrictYaml(bytesOf(text), goodPath, { bytes: 65_536, depth: 32, values: 5000 })
  const places = [...(document?.places ?? [])].map(([pointer, { value, key, plain }]) => [
    pointer,
    [range(value), key === undefined ? '' : `key ${range(key)}`, plain === undefined ? '' : `as ${plain}`]
      .filter((part) => part !== '')
      .join(' '),
  ])
  return Object.fromEntries(places)
}

const told = JSON.parse(readFileSync(new URL('./told.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, readonly string[]>
>

describe('what is told of a file, word for word', () => {
  test.each(Object.entries(files))('%s', (name, text) => {
    expect(tell(text)).toEqual(told[name])
  })
  test('and of no other', () => {
    expect(Object.keys(told)).toEqual(Object.keys(files))
  })
})

test('a file without fault, place for place', () => {
  expect(tell(goodFile)).toEqual([])
  expect(placesOf(goodFile)).toEqual({
    '/apiVersion': '1:13-1:27 key 1:1-1:11 as gitsudo.dev/v1',
    '/kind': '2:7-2:20 key 2:1-2:5 as AccessRequest',
    '/spec/requester': '4:14-4:19 key 4:3-4:12 as alice',
    '/spec/provider': '5:13-5:16 key 5:3-5:11 as aws',
    '/spec/role': '6:9-6:25 key 6:3-6:7 as prod-infra-admin',
    '/spec/scope': '7:10-7:24 key 7:3-7:8',
    '/spec/duration': '8:13-8:15 key 8:3-8:11 as 2h',
    '/spec/reason': '9:11-9:43 key 9:3-9:9 as INC-4421 ECS tasks crash-looping',
    '/spec/ticket': '10:11-10:19 key 10:3-10:9 as INC-4421',
    '/spec/startsAt': '11:13-11:33 key 11:3-11:11 as 2026-12-01T08:00:00Z',
    '/spec/breakGlass': '12:15-12:20 key 12:3-12:13 as false',
    '/spec/metadata/service': '13:23-13:31 key 13:14-13:21 as checkout',
    '/spec/metadata': '13:13-13:31 key 13:3-13:11',
    '/spec': '4:3-13:31 key 3:1-3:5',
    '': '1:1-13:31',
  })
})

test('lists, empty values, names that are no text, and names with slashes, place for place', () => {
  expect(placesOf('a/b~c: [x, "y", ]\n? [k]\n: v\nd:\ne: {}\n\'f\': 1\ng: [[], {h: i}]\n')).toEqual({
    '/a~1b~0c/0': '1:9-1:10 as x',
    '/a~1b~0c/1': '1:12-1:15',
    '/a~1b~0c': '1:8-1:15 key 1:1-1:6',
    '/0': '2:4-2:5 as k',
    '/d': '4:1-4:2 key 4:1-4:2 as ',
    '/e': '5:4-5:4 key 5:1-5:2',
    '/f': '6:6-6:7 key 6:1-6:4 as 1',
    '/g/0': '7:5-7:5',
    '/g/1/h': '7:13-7:14 key 7:10-7:11 as i',
    '/g/1': '7:9-7:14',
    '/g': '7:4-7:14 key 7:1-7:2',
    '': '1:1-7:14',
  })
  expect(placesOf('? *x\n\n')).toEqual({ '': '1:1-1:5' })
  expect(placesOf('? []\n\n')).toEqual({ '': '1:1-1:3' })
})

test.each(['ticket', 'startsAt'])('%s left out is not there', (field) => {
  const reading = readRequest(bytesOf(goodFile.replace(new RegExp(`  ${field}:.*\\n`), '')), goodPath)
  expect(reading.ok && Object.keys(reading.request)).not.toContain(field)
  const whole = readRequest(bytesOf(goodFile), goodPath)
  expect(whole.ok && Object.keys(whole.request)).toContain(field)
})
