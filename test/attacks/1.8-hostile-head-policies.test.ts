// The attack: policies are code, and a pull request proposes them before anybody has looked. Have the compiler fetch
// from within, print secrets into the check run, crash or drown the service, or bring a rule that lets everybody in
// and have it merged over the check. Here the service has no opa; what opa itself must bear is in
// test/policy/compile/trial/ (trust.md 1.8).
import { execFileSync } from 'node:child_process'
import { mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { admin } from '../support/world.ts'
import { quiet } from './support/quiet.ts'
import { type AttackWorld, ownWorld } from './support/world.ts'

const marker = 'hunter2'
let t: AttackWorld

beforeAll(async () => {
  const programs = mkdtempSync(join(tmpdir(), 'gitsudo-no-opa-'))
  const git = execFileSync('/bin/sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()
  symlinkSync(git, join(programs, 'git'))
  t = await ownWorld({ merge: 'manual', env: { PATH: programs, OPA_BIN: '' } })
})
afterAll(() => t.close())

type Files = Readonly<Record<string, string | null>>

/** Opens a pull request with these files, and with Git's own plumbing for what is no file. */
const propose = async (branch: string, files: Files, ...plumbing: readonly (readonly string[])[]) => {
  const made = await t.clone('alice')
  await made.git('switch', '--quiet', '--create', branch)
  let head = await made.commit(files)
  for (const command of plumbing) await made.git(...command)
  if (plumbing.length > 0) {
    await made.git('commit', '--quiet', '--message', 'No plain files')
    head = await made.git('rev-parse', 'HEAD')
  }
  await made.git('push', '--quiet', 'origin', branch)
  const { number } = await t.people.alice.openPull(branch, `Policies: ${branch}`)
  return { number, head }
}

/** All that gitsudo has written about a pull request. */
const written = async ({ number, head }: { readonly number: number; readonly head: string }) =>
  JSON.stringify([await t.checks(head), await t.comments(number)])

const policies = (text: string): string => `package gitsudo.eligibility\n\n${text}\n`
const accepted = async () =>
  (await t.query('select 1 from audit_events where type = $1', ['policy.accepted'])).length

test.each([
  ['lets everybody in', { 'policies/mine.rego': policies(`allow := true # ${marker}`) }],
  [
    'reaches out',
    { 'policies/mine.rego': policies(`allow if http.send({"url": "http://${marker}", "method": "get"})`) },
  ],
  ['prints', { 'policies/mine.rego': policies(`deny contains "${marker}" if print("${marker}")`) }],
  ['is no Rego', { 'policies/roles.rego': policies(`allow if { "${marker}" "AKIA${marker}"`) }],
  [
    'tests itself anew',
    { 'policies/tests/roles_test.rego': `package t\n\ntest_${marker} if print("${marker}")\n` },
  ],
])('Rego that %s is not tried without opa, which is named; nothing of it is shown', async (name, files) => {
  const proposed = await propose(`hostile/${name.replaceAll(' ', '-')}`, files)
  await t.checked(proposed.head, 'failure', 'OPA_BIN')
  expect(await written(proposed)).not.toContain(marker)
})

test.each([
  [
    'an annotation that has the compiler read a file',
    {
      'policies/mine.rego': policies(
        `# METADATA\n# schemas:\n#   - input: {"$ref": "file:///etc/${marker}.json"}\nallow := true`,
      ),
    },
    'policies/mine.rego:4 annotation',
  ],
  [
    'data that is no YAML',
    { 'policies/data/groups.yaml': `groups: [${marker}\n  <script>${marker}</script>` },
    'policies/data/groups.yaml:',
  ],
  [
    'a group of somebody unknown',
    {
      'policies/data/groups.yaml': `apiVersion: gitsudo.dev/v1\nkind: Groups\ngroups:\n  sre: {members: [${marker}]}\n`,
    },
    'policies/data/groups.yaml:4 unknown_login',
  ],
])('%s is shown by its place and code', async (name, files, place) => {
  const proposed = await propose(`hostile/${name.replaceAll(' ', '-')}`, files)
  await t.checked(proposed.head, 'failure', place)
  expect(await written(proposed)).not.toContain(marker)
})

test('a symlink, a submodule and an executable in policies/ are refused', async () => {
  const made = await t.clone('alice')
  const target = await made.git('rev-parse', 'HEAD:policies/roles.rego')
  const commit = await made.git('rev-parse', 'HEAD')
  const entry = (mode: string, id: string, path: string) => [
    'update-index',
    '--add',
    '--cacheinfo',
    `${mode},${id},${path}`,
  ]
  const proposed = await propose(
    'hostile/modes',
    {},
    entry('120000', target, 'policies/data/link.yaml'),
    entry('160000', commit, 'policies/lib/sub.rego'),
    entry('100755', target, 'policies/roles.rego'),
  )
  const summary = await t.checked(proposed.head, 'failure', 'policies/data/link.yaml:1 mode')
  expect(summary).toContain('policies/lib/sub.rego')
  expect(summary).toContain('policies/roles.rego')
})

test('ten thousand files are one fault, and the service goes on', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, n) => [`policies/many/p${n}.rego`, policies('allow := true')]),
  )
  const proposed = await propose('hostile/many', files)
  await t.checked(proposed.head, 'failure', 'policies:1 too_many')
  const asked = await t.ask('meanwhile')
  await t.checked(asked.head, 'success')
})

test('a lock-out is said in plain words', async () => {
  const proposed = await propose('hostile/lock-out', {
    'policies/roles.rego': null,
    'policies/tests/roles_test.rego': null,
  })
  const told = await until('the check to speak of the lock-out', async () =>
    (await t.checks(proposed.head))
      .map(({ output }) => output.summary ?? '')
      .find((text) => text.includes('lock')),
  )
  expect(told).toContain('These policies would lock everybody out')
})

test('server status says that there is no opa', async () => {
  const { status, stdout } = await t.gitsudo('alice', 'server', 'status')
  expect(status).toBe(0)
  expect(stdout).toContain('not found: only the packaged policies can be used')
})

test('who gains and who loses is shown by name, without a word of the policies', async () => {
  const asked = await t.ask('gains', admin)
  await t.checked(asked.head, 'action_required')
  const made = await t.clone('alice')
  const groups = await made.git('show', 'HEAD:policies/data/groups.yaml')
  const proposed = await propose('hostile/lose', {
    'policies/data/groups.yaml': `${groups.replace('[alice, bob, carol]', '[bob, carol]')}\n`,
  })
  const told = await until('the check to speak of alice', async () =>
    (await t.checks(proposed.head))
      .map(({ output }) => output.summary ?? '')
      .find((text) => text.includes('alice loses')),
  )
  expect(told).toContain(asked.path)
  expect(told).not.toContain('INC-4421')
})

test('approved and merged over the failing check, it is still not in force, and nobody gets in by it', async () => {
  const proposed = await propose('hostile/merged', {
    'policies/open.rego': policies(`allow := true # ${marker}`),
    'policies/two-person.rego': null,
    'policies/owners.rego': null,
  })
  await t.checked(proposed.head, 'failure', 'OPA_BIN')
  await t.approve(proposed.number, 'erin')
  await t.land(proposed.number)
  await quiet(t, proposed.number)
  const asked = await t.ask('let-in', admin)
  await t.checked(asked.head, 'action_required')
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
  expect(await accepted()).toBe(0)
  expect(await written(proposed)).not.toContain(marker)
})
