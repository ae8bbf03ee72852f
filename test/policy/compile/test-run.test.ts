import { expect, test } from 'vitest'
import { checkPolicies } from '../../../app/policy/check.ts'
import { readFolder } from '../../../app/policy/folder.ts'
import { createPackaged } from '../../../app/policy/packaged.ts'
import { runRegoTests } from '../../../app/policy/test-run.ts'
import { capabilities, compile, opa } from './compiler.ts'

const packaged = createPackaged()
const deps = { opa, capabilities, packaged }
const commit = (sources: Readonly<Record<string, string>>) => {
  const files = new Map([...readFolder('.')].filter(([path]) => path.startsWith('policies/data/')))
  for (const [path, text] of Object.entries(sources)) files.set(`policies/${path}`, Buffer.from(text))
  return files
}
const old = 'package jitsudo.eligibility\nallow { input.ok; data.roles.mock["db-read"] }\n'

test('each policy is tested by itself, with the commit’s data, in its own Rego version', async () => {
  const { tests, faults } = await runRegoTests(
    deps,
    commit({
      'old.rego': old,
      'new.rego': 'package gitsudo.eligibility\nallow := input.x\n',
      'tests/old_test.rego':
        'package t\nimport data.jitsudo.eligibility\ntest_yes if eligibility.allow with input.ok as true\ntest_no if eligibility.allow with input.ok as false\n',
      'tests/new_test.rego':
        'package t\nimport data.gitsudo.eligibility\ntest_x if eligibility.allow with input.x as true\n',
    }),
  )
  expect(faults).toEqual([])
  expect(tests).toEqual([
    { file: 'policies/tests/new_test.rego', line: 3, name: 'test_x', result: 'passed' },
    { file: 'policies/tests/old_test.rego', line: 3, name: 'test_yes', result: 'passed' },
    { file: 'policies/tests/old_test.rego', line: 4, name: 'test_no', result: 'failed' },
  ])
})

test('a test of nothing, an empty one and one that reaches out are errors', async () => {
  const { tests } = await runRegoTests(
    deps,
    commit({
      'old.rego': old,
      'tests/gone_test.rego': 'package t\ntest_x if true\n',
      'tests/old_test.rego':
        'package t\ntest_x if http.send({"method": "get", "url": "http://x"}).status == 200\n',
      'old_test.rego': 'package t\n',
    }),
  )
  expect(tests).toMatchObject([
    { file: 'policies/old_test.rego', result: 'error', why: 'there is no test in it' },
    {
      file: 'policies/tests/gone_test.rego',
      result: 'error',
      why: 'no policy and no library file is called gone',
    },
    {
      file: 'policies/tests/old_test.rego',
      result: 'error',
      why: expect.stringContaining('undefined function http.send'),
    },
  ])
})

test('nothing is run when something does not load', async () => {
  const { tests, faults } = await runRegoTests(
    deps,
    commit({ 'old.rego': 'package gitsudo.approval\nallow if x\n' }),
  )
  expect(tests).toEqual([])
  expect(faults).toMatchObject([{ file: 'policies/old.rego', line: 2 }])
})

test('check says which policies are read as Rego v0', async () => {
  const { policies, notes } = await checkPolicies({ packaged, compile }, commit({ 'old.rego': old }))
  expect(policies).toMatchObject([{ name: 'old', root: 'jitsudo', rego: 'v0' }])
  expect(notes).toMatchObject([{ file: 'policies/old.rego', message: expect.stringContaining('Rego v0') }])
})
