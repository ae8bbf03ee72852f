import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { runOpa } from '../../../../app/policy/opa.ts'
import { alice, ask } from '../../question.ts'
import { type Changes, trialWorld } from '../../trial-world.ts'
import { capabilities, opa } from '../compiler.ts'

/** What every hostile file would like to see on the pull request. */
const marker = 'hunter2'
const policy = (rules: string): Changes => ({
  'policies/mine.rego': `package gitsudo.eligibility\n\n${rules}\n`,
})
const tests = (rules: string): Changes => ({
  ...policy('deny contains input.request.metadata.no if input.request.metadata.no'),
  'policies/tests/mine_test.rego': `package mine_test\n\nimport data.gitsudo.eligibility\n\n${rules}\n`,
})
const world = () => trialWorld({ opa })
const faultsOf = async (changes: Changes) => {
  const report = await world().try(changes)
  expect(JSON.stringify(report)).not.toContain(marker)
  return report.compiles.ok ? [] : report.compiles.faults
}

test.each([
  ['the network', `allow if http.send({"method": "get", "url": "http://${marker}"}).status == 200`],
  ['names', `allow if count(net.lookup_ip_addr("${marker}")) > 0`],
  ['the environment', `allow if opa.runtime().env["${marker}"]`],
  ['traces', `allow if trace("${marker}")`],
  ['chance', `allow if rand.intn("${marker}", 2) == 1`],
  ['the interpreter', `allow if rego.parse_module("${marker}", "package x")`],
])('%s is out of reach, and the error shows a place and a code', async (_, rule) => {
  expect(await faultsOf(policy(rule))).toEqual([
    {
      path: 'policies/mine.rego',
      line: 3,
      column: expect.any(Number),
      code: 'rego_type_error',
      message: 'calls what policies do not have, or with values that do not fit',
    },
  ])
})

test.each([
  ['a variable', `allow if ${marker}`, 'rego_unsafe_var_error'],
  ['a word', `allow if { "${marker}" "AKIA${marker}" }`, 'rego_parse_error'],
  ['a circle', `${marker} if ${marker}`, 'rego_recursion_error'],
])('an error about %s is shown without its text', async (_, rules, code) => {
  expect(await faultsOf(policy(rules))).toMatchObject([{ path: 'policies/mine.rego', code }])
})

test('what is printed goes nowhere, in policies and in tests', async () => {
  const report = await world().try({
    ...tests(`test_a if { print("${marker}"); true }\n\ntest_b if { print("${marker}"); false }`),
    ...policy(`deny contains "${marker}" if { print("${marker}"); input.never }`),
  })
  expect(report).toMatchObject({
    compiles: { ok: true },
    tests: { failed: [{ path: 'policies/tests/mine_test.rego', name: 'test_b' }] },
  })
  expect(JSON.stringify(report)).not.toContain(marker)
})

test('reasons and refusals of tried policies are not repeated, only whom they hit', async () => {
  const mine = world()
  const id = await mine.record('alice-prod', ask(alice))
  const report = await mine.try(
    policy(`deny contains "<b>${marker}</b>" if input.request.role == "prod-infra-admin"`),
  )
  expect(report.changes).toEqual([
    {
      request: id,
      path: 'requests/2026/12/alice-prod.yaml',
      requester: 'alice',
      before: 'passes',
      after: 'refused',
    },
  ])
  expect(JSON.stringify(report)).not.toContain(marker)
})

test.each([
  ['Markdown and HTML', `test_x["**${marker}** <script>"] if false`, 'the test in line 1'],
  ['escapes of a terminal', `test_x["\\u001b[31m${marker}"] if false`, 'the test in line 1'],
  ['a page', `test_${marker.repeat(30)} if false`, 'the test in line 9'],
  ['a plain name', 'test_fails if false', 'test_fails'],
])('of a failed test called %s only a plain name is shown', async (_, rule, name) => {
  const report = await world().try(tests(`test_ok if true\n\n\n\n${rule}`))
  expect(report.tests.failed).toEqual([{ path: 'policies/tests/mine_test.rego', name }])
  expect(JSON.stringify(report)).not.toMatch(new RegExp(`${marker}|script`))
})

const billions =
  'n := numbers.range(1, 3000)\n\nlooping if { some i in n; some j in n; some k in n; i + j + k == 0 }'
const tenTimes = (name: string, of: string) =>
  `${name} := concat("", [${of} | some _ in numbers.range(1, 10)])`
const gigabytes = [
  'a := "0123456789012345678901234567890123456789"',
  ...[...'abcdefgh'].map((of, i) => tenTimes('bcdefghi'[i] ?? '', of)),
].join('\n\n')

test.each([
  ['loop for ever', `${billions}\n\ntest_loop if looping`],
  ['take gigabytes', `${gigabytes}\n\ntest_big if count(i) > 0`],
  ['take gigabytes at once', 'test_big if count(numbers.range(1, 1000000000)) > 0'],
  [
    'say gigabytes',
    `${gigabytes}\n\ntest_loud if { some _ in numbers.range(1, 100000000); print(f); false }`,
  ],
])('tests that %s fail in bounded time', async (_, rules) => {
  const report = await world().try(tests(rules))
  expect(report.tests.failed).toMatchObject([{ path: 'policies/tests/mine_test.rego' }])
})

test('a policy that never answers refuses whom it is asked about, in bounded time', async () => {
  const mine = trialWorld({ opa, limits: { replayMs: 4000 } })
  for (let i = 0; i < 40; i += 1) await mine.record(`alice-${i}`, ask(alice, {}, { pull: i + 1 }))
  const report = await mine.try(policy(`${billions}\n\ndeny contains "no" if looping`))
  expect(report.locksOut).toBe(true)
  expect(report.changes.length).toBe(report.replayed)
  expect(report.notReplayed ?? 0).toBeGreaterThan(0)
})

test('imports of what is not in policies/ are nothing', async () => {
  const report = await world().try(
    policy(
      'import data.secrets\n\nimport data["../../etc/passwd"] as other\n\ndeny contains secrets.x\n\ndeny contains other',
    ),
  )
  expect(report).toMatchObject({ compiles: { ok: true }, locksOut: false })
})

test('an annotation makes the compiler fetch or read nothing', async () => {
  let asked = 0
  const server = createServer((_, response) => {
    asked += 1
    response.end('{"type": "object"}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => server.close())
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${marker}`
  const annotated = (reference: string) =>
    `# METADATA\n# schemas:\n#   - input: {"$ref": "${reference}"}\ndeny contains "x" if input.a == 1`
  for (const reference of [address, `file:///etc/${marker}.json`])
    expect(await faultsOf(policy(annotated(reference)))).toMatchObject([{ code: 'annotation', line: 4 }])

  // Nor would it if the loader had not seen it: neither the capabilities nor the namespace let it out.
  const folder = mkdtempSync(join(tmpdir(), 'gitsudo-annotated-'))
  writeFileSync(join(folder, 'a.rego'), `package a\n\n${annotated(address)}\n`)
  writeFileSync(join(folder, 'capabilities.json'), capabilities)
  const args = ['check', '--format', 'json', '--capabilities', 'capabilities.json', 'a.rego']
  const { confinement: _, ...unconfined } = opa
  const said = await runOpa(unconfined, args, { timeoutMs: 20_000, cwd: folder })
  expect(said.stdout + said.stderr).toContain('remote reference loading disabled')
  if (opa.confinement?.held.includes('no network') === true) {
    const open = await runOpa(opa, ['check', '--format', 'json', 'a.rego'], {
      timeoutMs: 20_000,
      cwd: folder,
    })
    expect(open.ok).toBe(false)
  }
  expect(asked).toBe(0)
})

test('nothing is left behind: no folder, no child', async () => {
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('gitsudo-rego-'))
  const children = () =>
    execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.startsWith(opa.path))
  const before = left()
  const stop = new AbortController()
  const looping = world().try(tests(`${billions}\n\ntest_loop if looping`), {}, stop.signal)
  await expect.poll(children).not.toEqual([])
  stop.abort()
  await expect(looping).rejects.toMatchObject({ code: 'timeout' })
  await expect.poll(children).toEqual([])
  expect(left().filter((name) => !before.includes(name))).toEqual([])
})
