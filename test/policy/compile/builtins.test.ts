import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { memoryLimitPages } from '../../../app/policy/evaluation.ts'
import { runOpa } from '../../../app/policy/opa.ts'
import { instantiate } from '../../../app/policy/wasm-host.ts'
import { compile, opa, policy } from './compiler.ts'

const moments = [
  '1969-12-31T23:59:59.5Z',
  '2024-02-29T12:00:00Z',
  '2026-03-29T00:59:59Z',
  '2026-03-29T01:00:00Z',
  '2026-10-25T00:30:00Z',
  '2026-12-31T23:30:00.123456Z',
]
const zones = [
  '',
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Local/Nowhere',
]
const expressions = [
  ...moments.flatMap((moment) =>
    zones.flatMap((zone) => {
      const at = `[time.parse_rfc3339_ns("${moment}"), "${zone}"]`
      return [
        `time.date(${at})`,
        `time.clock(${at})`,
        `time.weekday(${at})`,
        `time.add_date(${at}[0], 0, 1, -1)`,
        `time.add_date(${at}[0], 1, -13, 40)`,
        `time.diff(${at}, time.parse_rfc3339_ns("2025-08-31T13:14:15Z"))`,
      ]
    }),
  ),
  ...[
    '1h30m',
    '1.5h',
    '-300ms',
    '.25s',
    '1us',
    '0',
    '-0',
    '',
    '1',
    '1d',
    '1h-5m',
    '1y2w3d',
    '1.5d',
    '300y',
    '9999999h',
  ].map((text) => `time.parse_duration_ns("${text}")`),
  ...[
    '2026-02-30T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:00:00+23:59',
    '2026-01-01t00:00:00z',
    '1600-01-01T00:00:00Z',
    '2026-01-01',
  ].map((text) => `time.parse_rfc3339_ns("${text}")`),
  'sprintf("%s %d %v %v", ["a", 7, ["b", {"c": true}], null])',
  'sprintf("%5.2f|%-4s|%05d|%+d|%x|%q|100%%", [2.5, "ab", -42, 3, 255, "a\\"b"])',
  'sprintf("%d %s", ["a", 3])',
  'sprintf("%s", ["a", "b", 3])',
  'sprintf("%s and %s", ["a"])',
]

test('the host answers what opa answers', async () => {
  const name = (i: number) => `x${String(i).padStart(3, '0')}`
  const text = `package gitsudo.eligibility\n${expressions.map((expression, i) => `${name(i)} := ${expression}\n`).join('')}`
  const path = join(mkdtempSync(join(tmpdir(), 'gitsudo-builtins-')), 'all.rego')
  writeFileSync(path, text)
  const args = ['eval', '--format', 'raw', '--data', path, 'data.gitsudo.eligibility']
  const wanted: Record<string, unknown> = JSON.parse((await runOpa(opa, args, { timeoutMs: 20_000 })).stdout)
  const { wasm } = await compile(policy(text), [])
  const had = instantiate(wasm, memoryLimitPages).evaluate(Buffer.from('{}'), 'gitsudo/eligibility', 0)
  const answers = (document: unknown) =>
    expressions.map((expression, i) => [expression, (document as Record<string, unknown>)[name(i)]])
  expect(answers(had)).toEqual(answers(wanted))
})

test('words that are too long fail the policy: what denies must not fall silent', async () => {
  const { wasm } = await compile(
    policy('package gitsudo.eligibility\ndeny contains sprintf("already holds %v", [input.held])\n'),
    [],
  )
  const ask = (held: string) =>
    instantiate(wasm, memoryLimitPages).evaluate(
      Buffer.from(JSON.stringify({ held })),
      'gitsudo/eligibility',
      0,
    )
  expect(ask('db')).toMatchObject({ deny: ['already holds db'] })
  expect(() => ask('x'.repeat(100_001))).toThrow('sprintf writes more than 100000 characters')
})
