import { describe, expect, test } from 'vitest'
import { readRequest } from '../../app/request/read.ts'
import { renderFaults } from '../../app/request/render-faults.ts'
import { bytesOf, goodFile, goodPath } from './request-file.ts'

/** `line:column code pointer` of every fault. */
function faultsOf(text: string | Uint8Array, path = goodPath): readonly string[] {
  const reading = readRequest(typeof text === 'string' ? bytesOf(text) : text, path)
  if (reading.ok) return []
  return reading.faults.map(({ line, column, code, pointer }) =>
    `${line}:${column} ${code} ${pointer ?? ''}`.trim(),
  )
}

/** The one remedy of a file with one fault. */
function remedyOf(text: string): string {
  const reading = readRequest(bytesOf(text), goodPath)
  if (reading.ok || reading.faults.length !== 1) throw new Error(`not one fault: ${JSON.stringify(reading)}`)
  return reading.faults[0]?.remedy ?? ''
}

const spoil = (from: string, to: string) => {
  if (!goodFile.includes(from)) throw new Error(`no ${from} in the good file`)
  return goodFile.replace(from, to)
}

test('a file without fault becomes an AccessRequest', () => {
  const reading = readRequest(bytesOf(goodFile), goodPath)
  expect(reading).toMatchObject({
    ok: true,
    request: {
      requester: 'alice',
      provider: 'aws',
      role: 'prod-infra-admin',
      scope: '123456789012',
      durationSeconds: 7200,
      reason: 'INC-4421 ECS tasks crash-looping',
      ticket: 'INC-4421',
      startsAt: Date.parse('2026-12-01T08:00:00Z'),
      breakGlass: false,
      metadata: { service: 'checkout' },
    },
  })
})

test('what is optional may be left out', () => {
  const short = goodFile.slice(0, goodFile.indexOf('  ticket'))
  const reading = readRequest(bytesOf(short), goodPath)
  expect(reading.ok && reading.request).toEqual({
    requester: 'alice',
    provider: 'aws',
    role: 'prod-infra-admin',
    scope: '123456789012',
    durationSeconds: 7200,
    reason: 'INC-4421 ECS tasks crash-looping',
    breakGlass: false,
    metadata: {},
  })
})

test.each([
  ['a document marker first', `---\n${goodFile}`],
  ['CRLF line ends', goodFile.replaceAll('\n', '\r\n')],
  ['comments and empty lines', goodFile.replaceAll('\n', '  # why\n\n')],
  ['folded text', spoil('reason: INC', 'reason: >-\n    INC')],
  [
    'JSON',
    JSON.stringify({
      apiVersion: 'gitsudo.dev/v1',
      kind: 'AccessRequest',
      spec: { requester: 'a', provider: 'mock', role: 'r', scope: '1', duration: 'PT2H', reason: 'x' },
    }),
  ],
  ['a reason in another script', spoil('INC-4421 ECS', '障害 👩‍💻 می‌خواهم')],
  ['brackets 31 deep in a comment', `${goodFile}# ${'['.repeat(31)}\n`],
])('%s is accepted', (_, text) => expect(faultsOf(text)).toEqual([]))

describe('every fault has its code and its place', () => {
  const nested = (depth: number) =>
    spoil('{service: checkout}', `{a: ${'['.repeat(depth)}${']'.repeat(depth)}}`)
  test.each<[string, string | Uint8Array, readonly string[]]>([
    ['nothing', '', ['1:1 empty']],
    ['a comment only', '# later\n', ['1:1 empty']],
    ['null', '~\n', ['1:1 type']],
    ['a list', '[]\n', ['1:1 type']],
    ['an empty mapping', '{}', ['1:1 missing', '1:1 missing', '1:1 missing']],
    ['10 MB', new Uint8Array(10_000_000).fill(97), ['1:1 too_large']],
    ['one byte over 64 KiB', `${goodFile}#${'x'.repeat(65_536 - goodFile.length)}`, ['1:1 too_large']],
    ['exactly 64 KiB', `${goodFile}#${'x'.repeat(65_535 - goodFile.length)}`, []],
    ['100,000 brackets', '['.repeat(100_000), ['1:1 too_large']],
    ['60,000 brackets', '['.repeat(60_000), ['1:34 too_deep']],
    ['60,000 brackets in a field', spoil('{service: checkout}', '['.repeat(60_000)), ['13:45 too_deep']],
    ['30,000 dashes', '- '.repeat(30_000), ['1:69 too_deep']],
    ['30,000 question marks', '? '.repeat(30_000), ['1:68 too_deep']],
    ['nesting of 33', nested(30), ['13:17 type /spec/metadata/a', '13:46 too_deep']],
    ['nesting of 32', nested(29), ['13:17 type /spec/metadata/a']],
    [
      'an alias bomb',
      `a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n`,
      [
        '1:1 missing',
        '1:1 missing',
        '1:1 missing',
        '1:1 unknown_field /a',
        '1:4 anchor',
        '2:1 unknown_field /b',
        '2:4 anchor',
        '2:8 alias /b/0',
        '2:12 alias /b/1',
        '3:1 unknown_field /c',
        '3:5 alias /c/0',
        '3:9 alias /c/1',
      ],
    ],
    ['an anchor', spoil('role: prod', 'role: &r prod'), ['6:9 anchor']],
    ['an alias', spoil('"123456789012"', '*r'), ['7:10 alias /spec/scope']],
    ['an alias as key', spoil('  ticket:', '  *t :'), ['10:3 alias /spec/']],
    ['a merge key', spoil('  ticket: INC-4421', '  <<: {ticket: INC-4421}'), ['10:3 merge_key /spec/<<']],
    ['a tag', spoil('role: prod', 'role: !!str prod'), ['6:9 tag']],
    ['a local tag', spoil('role: prod', 'role: !env prod'), ['6:9 tag']],
    ['a binary tag', spoil('"123456789012"', '!!binary aGk='), ['7:10 tag']],
    ['a directive', `%YAML 1.1\n---\n${goodFile}`, ['1:1 directive']],
    ['a second document', `${goodFile}---\n${goodFile}`, ['14:1 second_document']],
    ['an empty second document', `${goodFile}---\n`, ['14:1 second_document']],
    ['a second document after an end mark', `${goodFile}...\na: b\n`, ['14:1 second_document']],
    ['a duplicate key', spoil('  ticket: INC-4421', '  role: db-read'), ['10:3 duplicate_key /spec/role']],
    [
      'a key twice, once in quotes',
      spoil('  ticket: INC-4421', '  "r\\u006fle": db-read'),
      ['10:3 duplicate_key /spec/role'],
    ],
    ['__proto__', spoil('  ticket: INC-4421', '  __proto__: {admin: true}'), ['10:3 key /spec/__proto__']],
    [
      'constructor in metadata',
      spoil('{service:', '{constructor:'),
      ['13:14 key /spec/metadata/constructor'],
    ],
    ['a list as key', spoil('{service: checkout}', '{[a]: b}'), ['13:14 key']],
    ['a number as key', spoil('{service: checkout}', '{1: b}'), ['13:14 key /spec/metadata/1']],
    ['yes as key', spoil('{service: checkout}', '{yes: b}'), ['13:14 ambiguous /spec/metadata/yes']],
    ['a bidirectional override', spoil('ECS', '\u202eECS'), ['9:20 hidden_character']],
    ['one in a comment', `${goodFile}# \u2066x\n`, ['14:3 hidden_character']],
    [
      'one written as an escape',
      spoil('INC-4421 ECS tasks crash-looping', '"\\u202Eabc"'),
      ['9:11 hidden_character /spec/reason'],
    ],
    ['a zero-width space', spoil('role: prod', 'role: \u200bprod'), ['6:9 hidden_character']],
    [
      'a filler that looks like nothing',
      spoil('INC-4421 ECS tasks crash-looping', '\u3164'),
      ['9:3 type /spec/reason', '9:11 hidden_character'],
    ],
    ['NUL', spoil('ECS', 'E\0CS'), ['9:21 control_character']],
    [
      'NUL written as an escape',
      spoil('INC-4421 ECS tasks crash-looping', '"a\\0"'),
      ['9:11 control_character /spec/reason'],
    ],
    ['a terminal escape', spoil('ECS', '\u001b[31mECS'), ['9:20 control_character']],
    [
      'a lone surrogate written as an escape',
      spoil('INC-4421 ECS tasks crash-looping', '"\\uD800"'),
      ['9:11 control_character /spec/reason'],
    ],
    [
      'an escape beyond Unicode',
      spoil('INC-4421 ECS tasks crash-looping', '"\\UFFFFFFFF"'),
      ['9:11 control_character /spec/reason'],
    ],
    ['a lone carriage return', spoil('ECS', 'E\rCS'), ['9:21 control_character']],
    [
      'a line break in a text',
      spoil('INC-4421 ECS tasks crash-looping', '|-\n    one\n    two'),
      ['10:1 control_character /spec/reason'],
    ],
    ['a tab in a text', spoil('ECS', 'E\tCS'), ['9:11 control_character /spec/reason']],
    ['a byte order mark', `\ufeff${goodFile}`, ['1:1 byte_order_mark']],
    ['UTF-16', Uint8Array.from(Buffer.from(`\ufeff${goodFile}`, 'utf16le')), ['1:1 not_utf8']],
    ['UTF-16 without a mark', Uint8Array.from(Buffer.from(goodFile, 'utf16le')), ['1:1 not_utf8']],
    ['Latin-1', Uint8Array.from(Buffer.from(spoil('ECS', 'é'), 'latin1')), ['9:20 not_utf8']],
    ['overlong UTF-8', Uint8Array.of(97, 10, 0xc0, 0x80), ['2:1 not_utf8']],
    ['a cut character', Uint8Array.of(97, 58, 32, 0xe2, 0x82), ['1:4 not_utf8']],
    ['a scope without quotes', spoil('"123456789012"', '123456789012'), ['7:10 type /spec/scope']],
    ['yes for a text', spoil('INC-4421 ECS tasks crash-looping', 'yes'), ['9:11 ambiguous /spec/reason']],
    ['yes for a truth value', spoil('breakGlass: false', 'breakGlass: yes'), ['12:15 type /spec/breakGlass']],
    ['an old octal', spoil('"123456789012"', '0777'), ['7:10 type /spec/scope']],
    ['a new octal', spoil('"123456789012"', '0o17'), ['7:10 type /spec/scope']],
    ['a sexagesimal', spoil('ticket: INC-4421', 'ticket: 1:30'), ['10:11 ambiguous /spec/ticket']],
    [
      'a number with underscores',
      spoil('ticket: INC-4421', 'ticket: 1_000'),
      ['10:11 ambiguous /spec/ticket'],
    ],
    ['an infinity', spoil('ticket: INC-4421', 'ticket: .inf'), ['10:11 type /spec/ticket']],
    ['a field without value', spoil('duration: 2h', 'duration:'), ['8:3 type /spec/duration']],
    ['another version', spoil('gitsudo.dev/v1', 'gitsudo.dev/v2'), ['1:13 value /apiVersion']],
    ['a provider in capitals', spoil('provider: aws', 'provider: AWS'), ['5:13 value /spec/provider']],
    ['a duration too long', spoil('2h', '31d'), ['8:13 value /spec/duration']],
    ['a duration of nothing', spoil('2h', '0s'), ['8:13 value /spec/duration']],
    ['a start without zone', spoil('08:00:00Z', '08:00:00'), ['11:13 value /spec/startsAt']],
    ['a start that is no day', spoil('2026-12-01', '2026-02-30'), ['11:13 value /spec/startsAt']],
    ...[
      '0000-01-01T00:00:00Z',
      '0000-01-01T00:00:00+01:00',
      '0001-01-01T00:00:00Z',
      '1999-12-31T23:59:59.999Z',
      '2000-01-01T00:00:00+00:01',
      '9999-12-30T00:00:00.001Z',
      '9999-12-29T23:59:59-00:01',
      '9999-12-31T23:59:59-23:59',
    ].map((start): [string, string, readonly string[]] => [
      `a start that is not kept, ${start}`,
      spoil('2026-12-01T08:00:00Z', start),
      ['11:13 value /spec/startsAt'],
    ]),
    ['the first start that is kept', spoil('2026-12-01T08:00:00Z', '2000-01-01T00:00:00Z'), []],
    ['the last start that is kept', spoil('2026-12-01T08:00:00Z', '9999-12-30T00:00:00Z'), []],
    [
      'a start and a duration out of bounds',
      spoil('2026-12-01T08:00:00Z', '1970-01-01T00:00:00Z').replace('2h', '31d'),
      ['8:13 value /spec/duration', '11:13 value /spec/startsAt'],
    ],
    ['a star for a scope', spoil('"123456789012"', '"*"'), ['7:10 value /spec/scope']],
    [
      'too many metadata',
      spoil('{service: checkout}', `{${Array.from({ length: 33 }, (_, i) => `a${i}: b`).join(', ')}}`),
      ['13:13 value /spec/metadata'],
    ],
    ['a tab for indentation', spoil('  role:', '\trole:'), ['6:1 syntax']],
    [
      'two tabs for indentation',
      spoil('  role:', '\trole:').replace('  ticket:', '\tticket:'),
      ['6:1 syntax', '10:1 syntax'],
    ],
    ['a colon in a text', spoil('INC-4421 ECS', 'INC-4421: ECS'), ['9:19 syntax']],
    ['a quote not closed', spoil('reason: INC', 'reason: "INC'), ['9:11 syntax']],
    ['a bracket not closed', spoil('checkout}', 'checkout'), ['13:13 syntax']],
    ['a missing colon', spoil('spec:', 'spec'), ['3:4 syntax']],
    [
      'a syntax fault does not hide others',
      spoil('INC-4421 ECS', 'a: b').replace('2h', 'long').replace('aws', 'asw'),
      ['5:13 value /spec/provider', '8:13 value /spec/duration', '9:12 syntax'],
    ],
    ['too many values', `a: [${'1,'.repeat(5_000)}]`, ['1:1 too_many_values']],
  ])('%s', (_, text, expected) => expect(faultsOf(text)).toEqual(expected))
})

test('everything wrong is said at once, in reading order', () => {
  const text = goodFile
    .replace('requester', 'requestor')
    .replace('aws', 'AWS')
    .replace('"123456789012"', '123456789012')
    .replace('2h', '2 hours')
    .replace('breakGlass: false', 'breakGlass: yes')
    .replace('{service: checkout}', '{a: 1, "b c": d}')
  const reading = readRequest(bytesOf(text), goodPath)
  expect(reading.ok ? [] : renderFaults(reading.faults)).toEqual([
    `${goodPath}:3:1 spec.requester is missing; add \`requester: alice\``,
    `${goodPath}:4:3 "requestor" is no field of spec; write requester`,
    `${goodPath}:5:13 spec.provider must be one of aws, azure, gcp, kubernetes, mock, not "AWS"; write aws`,
    `${goodPath}:7:10 spec.scope must be text, not the number 123456789012; write "123456789012" in quotes`,
    `${goodPath}:8:13 "2 hours" is no duration; write a duration such as 90s, 30m, 2h, 1h30m or PT2H`,
    `${goodPath}:12:15 spec.breakGlass must be true or false, not "yes"; write true or false, such as false`,
    `${goodPath}:13:17 spec.metadata.a must be text, not the number 1; write "1" in quotes`,
    `${goodPath}:13:20 "b c" is no name for a field of spec.metadata; name it with letters, digits and . _ / -, at most 63`,
  ])
})

test.each([
  ['"123456789012"', '0777', 'write "0777" in quotes'],
  ['"123456789012"', '0o17', 'write "0o17" in quotes'],
  ['duration: 2h', 'duration: 30', 'write a duration such as 90s, 30m, 2h, 1h30m or PT2H'],
  ['startsAt: 2026-12-01T08:00:00Z', 'startsAt: tomorrow', 'write a time such as 2026-12-01T08:00:00Z'],
  [
    'startsAt: 2026',
    'startsAt: 0000',
    'write a time from 2000-01-01T00:00:00Z to 9999-12-30T00:00:00Z, at most 14 days ahead',
  ],
  [
    'startsAt: 2026-12-01',
    'startsAt: 9999-12-31',
    'write a time from 2000-01-01T00:00:00Z to 9999-12-30T00:00:00Z, at most 14 days ahead',
  ],
  ['requester: alice', 'requester: "@alice"', 'write a GitHub login, without @'],
  ['kind: AccessRequest', 'kind: accessrequest', 'write AccessRequest'],
])('the remedy for %s → %s', (from, to, remedy) => expect(remedyOf(spoil(from, to))).toBe(remedy))

test('what is wrong with a start that is not kept', () => {
  const messageOf = (start: string) => {
    const reading = readRequest(bytesOf(spoil('2026-12-01T08:00:00Z', start)), goodPath)
    return reading.ok ? '' : reading.faults[0]?.message
  }
  expect(messageOf('0049-01-01T00:00:00Z')).toBe('the start "0049-01-01T00:00:00Z" is too early')
  expect(messageOf('9999-12-31T23:59:59Z')).toBe('the start "9999-12-31T23:59:59Z" is too late')
})

test('a start that an earlier release kept is read where that is asked for', () => {
  const start = '1970-01-01T00:00:00Z'
  const bytes = bytesOf(spoil('2026-12-01T08:00:00Z', start))
  expect(readRequest(bytes, goodPath, 'any')).toMatchObject({ ok: true, request: { startsAt: 0 } })
})

test('the places of values are those of the file, quotes included', () => {
  const reading = readRequest(bytesOf(goodFile), goodPath)
  expect(reading.ok && reading.places.get('/spec/scope')).toEqual({
    key: { line: 7, column: 3, endLine: 7, endColumn: 8 },
    value: { line: 7, column: 10, endLine: 7, endColumn: 24 },
  })
})

test('a file at another path is no request', () => {
  expect(faultsOf(goodFile, 'requests/2026/13/alice.yaml')).toEqual(['1:1 path'])
})

test('faults are counted, not endless', () => {
  const text = `a:\n${'  b: &x 1\n'.repeat(120)}`
  const faults = faultsOf(text)
  expect(faults).toHaveLength(100)
  expect(faults.at(-1)).toMatch(/too_many_faults$/)
  const reading = readRequest(bytesOf(text), goodPath)
  expect(reading.ok ? '' : reading.faults.at(-1)?.message).toBe('144 more faults follow')
})

test('lines printed on a terminal cannot steer it', () => {
  const file = 'requests/2026/12/\u001b[2Ja\u202e.yaml'
  const reading = readRequest(bytesOf(''), file)
  const lines = reading.ok ? [] : renderFaults(reading.faults)
  expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u)
})
