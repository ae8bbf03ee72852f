import { expect, test } from 'vitest'
import { writeInstant } from '../../app/request/instant.ts'
import { alice, ask, dave } from './question.ts'
import { edited, trialWorld } from './trial-world.ts'

const none = '// no policy'
const identities = 'policies/data/identities.yaml'
const groups = 'policies/data/groups.yaml'
const roles = 'policies/data/roles.yaml'

test('data alone is tried on the packaged policies, without opa; the same changes nothing', async () => {
  const world = trialWorld()
  await world.record('alice-prod', ask(alice))
  const report = await world.try({})
  expect(report).toEqual({
    compiles: { ok: true },
    tests: { passed: 0, failed: [], notRun: true },
    changes: [],
    replayed: 1,
    locksOut: false,
    held: ['WebAssembly in a worker of its own'],
  })
})

test('who gains and who loses: by group, by trust tier, by leaving, by the catalogue', async () => {
  const world = trialWorld()
  const mine = await world.record('alice-prod', ask(alice))
  const his = await world.record('dave-prod', ask(dave))
  const change = (request: string, requester: string, before: string, after: string) =>
    expect.objectContaining({ request, requester, before, after })
  const joined = await world.try(
    edited(groups, 'members: [alice, bob, carol]', 'members: [alice, bob, carol, dave]'),
  )
  expect(joined.changes).toContainEqual(change(his, 'dave', 'refused', 'passes'))
  const left = await world.try(edited(groups, 'members: [alice, bob, carol]', 'members: [bob, carol]'))
  expect(left.changes).toEqual([change(mine, 'alice', 'passes', 'refused')])
  expect(left.changes[0]?.path).toBe('requests/2026/12/alice-prod.yaml')
  const blocked = await world.try(edited(identities, 'id: 1001\n', 'id: 1001\n    blocked: true\n'))
  expect(blocked.changes).toContainEqual(change(mine, 'alice', 'passes', 'refused'))
  const distrusted = await world.try(
    edited(identities, 'id: 1001\n    trustTier: 3', 'id: 1001\n    trustTier: 0'),
  )
  expect(distrusted.changes).toEqual([change(mine, 'alice', 'passes', 'refused')])
  const elsewhere = await world.try(edited(roles, '["123456789012", "210987654321"]', '["210987654321"]'))
  expect(elsewhere.changes).toEqual([change(mine, 'alice', 'passes', 'refused')])
})

test('the same verdict by other approvers is a change of its own, by fewer too', async () => {
  const world = trialWorld()
  await world.record('alice-prod', ask(alice))
  const { changes } = await world.try(
    edited(groups, 'members: [bob, carol, erin]', 'members: [bob, carol, erin, frank]'),
  )
  expect(changes).toMatchObject([{ before: 'passes', after: 'passes', approvals: { before: 2, after: 2 } }])
})

test('nobody left who could approve is a refusal', async () => {
  const world = trialWorld()
  const mine = await world.record('alice-prod', ask(alice))
  const both = edited(groups, 'members: [bob, carol, erin]', 'members: [bob]')[groups] ?? ''
  const only = await world.try({
    [groups]: both.replace('members: [alice, bob, carol]', 'members: [alice, bob]'),
  })
  expect(only.changes).toMatchObject([{ request: mine, before: 'passes', after: 'refused' }])
})

test('ninety days, this repository, the last decision on each request, newest first', async () => {
  const world = trialWorld()
  await world.record('old', ask(alice), 91)
  await world.record('alice', ask(alice), 5)
  await world.record('alice', ask(alice), 3)
  const [first] = world.events
  if (first === undefined) throw new Error('nothing recorded')
  world.events.push({
    ...first,
    request: 'req_7WWF4X1CK9J9FE6ZDNYBQNE8YV',
    repo: 7,
    at: writeInstant(world.now),
  })
  expect((await world.try({})).replayed).toBe(1)
})

test('altered or missing evidence is left out and counted', async () => {
  const world = trialWorld()
  await world.record('one', ask(alice))
  await world.record('two', ask(dave))
  const [[digest, bytes] = []] = world.evidence
  if (digest === undefined) throw new Error('no evidence')
  const altered = Buffer.from(bytes ?? [])
    .toString('utf8')
    .replace('"duration_seconds":1800', '"duration_seconds":60')
  world.evidence.set(digest, Buffer.from(altered))
  expect(await world.try({})).toMatchObject({ replayed: 1, notReplayed: 1 })
  world.evidence.clear()
  expect(await world.try({})).toMatchObject({ replayed: 0, notReplayed: 2 })
})

test('past its time the replay ends and says how many it left out', async () => {
  const world = trialWorld({ limits: { replayMs: 0 } })
  await world.record('one', ask(alice))
  const report = await world.try({})
  expect(report.replayed + (report.notReplayed ?? 0)).toBe(1)
})

test('a lock-out is seen with recorded requests and without', async () => {
  const world = trialWorld()
  const shut = { 'policies/roles.rego': undefined }
  expect((await world.try(shut)).locksOut).toBe(true)
  await world.record('alice', ask(alice))
  expect(await world.try(shut)).toMatchObject({ locksOut: true, changes: [{ after: 'refused' }] })
  expect((await world.try({})).locksOut).toBe(false)
})

test('policies that only look at the clock are no lock-out', async () => {
  const world = trialWorld()
  // Sunday night, and nothing but what is given at work.
  const catalogue = `apiVersion: gitsudo.dev/v1
kind: Roles
roles:
  - provider: gcp
    role: compute-admin
    scopes: [projects/example-prod]
    cloudRole: roles/compute.admin
    maxDuration: 4h
    owners: [sre]
`
  expect((await world.try({ [roles]: catalogue })).locksOut).toBe(false)
})

test('groups that are teams are taken for manned, on both sides', async () => {
  const world = trialWorld()
  await world.record('alice', ask(alice))
  const teams = edited(groups, 'members: [alice, bob, carol]', 'team: example/sre')
  const same = await world.try(teams, teams)
  expect(same).toMatchObject({ changes: [], locksOut: false, replayed: 1 })
  const became = await world.try(teams)
  expect(became.changes).toMatchObject([
    { before: 'passes', after: 'passes', approvals: { before: 2, after: 2 } },
  ])
})

test('broken accepted policies can be mended: before, nothing passed', async () => {
  const world = trialWorld()
  await world.record('alice', ask(alice))
  const { changes } = await world.try({}, { [groups]: 'groups: [' })
  expect(changes).toMatchObject([{ before: 'refused', after: 'passes' }])
})

test('data that does not read is a fault with file, line and column, without its words', async () => {
  const report = await trialWorld().try({
    [groups]:
      'apiVersion: gitsudo.dev/v1\nkind: Groups\ngroups:\n  sre:\n    members: ["<script>hunter2</script>"]\n  x: {a: b}\n',
  })
  if (report.compiles.ok) throw new Error('it compiles')
  expect(report.compiles.faults).toContainEqual(
    expect.objectContaining({ path: groups, line: expect.any(Number), column: expect.any(Number) }),
  )
  expect(JSON.stringify(report)).not.toContain('hunter2')
  expect(report).toMatchObject({ replayed: 0, changes: [], locksOut: false })
})

test('Rego that is not packaged names opa, tests that are not the accepted ones too', async () => {
  const world = trialWorld()
  const policy = { 'policies/mine.rego': 'package gitsudo.eligibility\nallow := true # hunter2\n' }
  await expect(world.try(policy)).rejects.toMatchObject({
    code: 'no_opa',
    message: expect.stringContaining('OPA_BIN'),
  })
  await expect(world.try(policy)).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') })
  const tests = { 'policies/tests/roles_test.rego': 'package t\ntest_a if true\n' }
  await expect(world.try(tests)).rejects.toMatchObject({ code: 'no_opa' })
  expect(await world.try(tests, tests)).toMatchObject({ compiles: { ok: true } })
  const both = await world.try({ ...policy, [groups]: none })
  expect(both.compiles).toMatchObject({ ok: false })
  expect(both.compiles.ok ? [] : both.compiles.faults.map(({ code }) => code)).toContain('compiler_missing')
})

test.each([
  ['a symlink', { 'policies/roles.rego': { mode: '120000' } }, 'mode'],
  ['a submodule', { 'policies/lib/catalogue.rego': { mode: '160000' } }, 'mode'],
  ['an executable', { 'policies/data/groups.yaml': { mode: '100755' } }, 'mode'],
  ['two files that differ by case', { 'policies/Roles.rego': 'package gitsudo.eligibility\n' }, 'collision'],
  ['a file past a megabyte', { 'policies/README.md': 'x'.repeat(1024 * 1024 + 1) }, 'too_large'],
  [
    'ten thousand files',
    Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`policies/p${i}.rego`, none])),
    'too_many',
  ],
])('%s is a fault', async (_, changes, code) => {
  const { compiles } = await trialWorld().try(changes)
  expect(compiles.ok ? [] : compiles.faults.map((fault) => fault.code)).toContain(code)
})

test('paths that are more than letters are not repeated', async () => {
  const path = 'policies/[click](http://x)\u001b[31m<b>.rego'
  const { compiles } = await trialWorld().try({ [path]: { mode: '120000' } })
  expect(compiles).toMatchObject({
    ok: false,
    faults: [{ path: 'policies/… (a path with other characters)' }],
  })
})

test('a caller that gives up hears of it, and the next trial is unhurt', async () => {
  const { run } = trialWorld().trial({})
  const stop = new AbortController()
  stop.abort()
  const [late, next] = await Promise.allSettled([run(stop.signal), run()])
  expect(late).toMatchObject({ status: 'rejected', reason: { code: 'timeout' } })
  expect(next).toMatchObject({ status: 'fulfilled', value: { compiles: { ok: true } } })
})
