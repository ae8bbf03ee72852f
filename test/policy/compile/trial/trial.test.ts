import { expect, test } from 'vitest'
import { alice, ask, dave } from '../../question.ts'
import { edited, trialWorld } from '../../trial-world.ts'
import { opa } from '../compiler.ts'

const world = () => trialWorld({ opa })

test('with opa the Rego tests are run with the proposed data, and the measures in force are named', async () => {
  const same = await world().try({})
  expect(same).toMatchObject({ compiles: { ok: true }, tests: { failed: [] }, locksOut: false })
  expect(same.tests.passed).toBeGreaterThan(10)
  expect(same.held).toEqual([...(opa.confinement?.held ?? []), 'WebAssembly in a worker of its own'])
  const tests = {
    'policies/tests/roles_test.rego': 'package t\n\ntest_sre if "alice" in data.groups.sre.members\n',
  }
  expect((await world().try(tests)).tests.failed).toEqual([])
  const left = edited('policies/data/groups.yaml', 'members: [alice, bob, carol]', 'members: [bob, carol]')
  expect((await world().try({ ...tests, ...left })).tests.failed).toEqual([
    { path: 'policies/tests/roles_test.rego', name: 'test_sre' },
  ])
})

test('a laxer policy shows who needs fewer approvals, and who is let in', async () => {
  const mine = world()
  const id = await mine.record('alice-prod', ask(alice))
  const fewer = await mine.try({
    'policies/two-person.rego': undefined,
    'policies/tests/two-person_test.rego': undefined,
  })
  expect(fewer.changes).toMatchObject([{ request: id, after: 'passes', approvals: { before: 2, after: 1 } }])
  const his = await mine.record('dave-prod', ask(dave))
  const open = await mine.try({ 'policies/open.rego': 'package gitsudo.eligibility\n\nallow := true\n' })
  expect(open.changes).toMatchObject([
    { request: his, requester: 'dave', before: 'refused', after: 'passes' },
  ])
})

test('changed Rego of the accepted commit is what it is compared with', async () => {
  const mine = world()
  await mine.record('dave-prod', ask(dave))
  const open = { 'policies/open.rego': 'package gitsudo.eligibility\n\nallow := true\n' }
  expect((await mine.try(open, open)).changes).toEqual([])
  expect((await mine.try({}, open)).changes).toMatchObject([{ before: 'passes', after: 'refused' }])
})

test('a rule that refuses everybody is a lock-out', async () => {
  const mine = world()
  await mine.record('alice-prod', ask(alice))
  const shut = 'package gitsudo.eligibility\n\ndeny contains "closed"\n'
  expect(await mine.try({ 'policies/shut.rego': shut })).toMatchObject({
    compiles: { ok: true },
    changes: [{ before: 'passes', after: 'refused' }],
    locksOut: true,
  })
})
