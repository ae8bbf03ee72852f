import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { checkPolicies, requestSchemaFile } from '../../app/policy/check.ts'
import { readFolder } from '../../app/policy/folder.ts'
import { compileAll, createPolicyLoader } from '../../app/policy/load.ts'
import { findOpa } from '../../app/policy/opa.ts'
import { createPackaged, packagedByDigest } from '../../app/policy/packaged.ts'
import { createEvaluatorPool } from '../../app/policy/pool.ts'

const packaged = createPackaged()
const load = createPolicyLoader({ pool: createEvaluatorPool(), packaged })
const withFile = (path: string, text: string) => new Map([...readFolder('.'), [path, Buffer.from(text)]])

test('without opa the packaged policies load, and one other source refuses naming opa', async () => {
  expect((await load('c', readFolder('.'))).policies.map(({ name }) => name)).toEqual([
    'business-hours',
    'low-risk',
    'owners',
    'roles',
    'toxic-combinations',
    'two-person',
  ])
  const other = load('c', withFile('policies/mine.rego', 'package gitsudo.eligibility\nallow := true\n'))
  await expect(other).rejects.toMatchObject({
    code: 'no_compiler',
    faults: [
      { file: 'policies/mine.rego', code: 'compiler_missing', remedy: expect.stringContaining('OPA_BIN') },
    ],
  })
})

test('one changed byte of the library makes every policy another one', async () => {
  const library = readFolder('.').get('policies/lib/catalogue.rego')
  const changed = load('c', withFile('policies/lib/catalogue.rego', `${library}\n`))
  await expect(changed).rejects.toMatchObject({ code: 'no_compiler', faults: { length: 6 } })
})

test('faults of sources and of data come together', async () => {
  const files = withFile('policies/mine.rego', 'allow := true\n')
  files.set('policies/data/groups.yaml', Buffer.from('groups: 3\n'))
  await expect(load('c', files)).rejects.toMatchObject({
    code: 'invalid',
    faults: expect.arrayContaining([
      expect.objectContaining({ file: 'policies/mine.rego', code: 'package' }),
      expect.objectContaining({ file: 'policies/data/groups.yaml' }),
    ]),
  })
})

test('check lists the policies, says what is a test, and when the schema differs', async () => {
  const files = withFile(requestSchemaFile, '{}')
  const { policies, notes, faults } = await checkPolicies({ packaged }, files)
  expect(faults).toEqual([])
  expect(policies.map(({ name, type, root, rego }) => [name, type, root, rego])).toContainEqual([
    'two-person',
    'approval',
    'gitsudo',
    'v1',
  ])
  expect(notes).toContainEqual({
    file: 'policies/tests/roles_test.rego',
    message: 'a test: run by `policy test`, never loaded',
  })
  expect(notes.map(({ file }) => file)).toContain(requestSchemaFile)
})

test('opa is found in OPA_BIN, then PATH, and a wrong OPA_BIN is said', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gitsudo-opa-'))
  const path = join(folder, 'opa')
  writeFileSync(path, '#!/bin/sh\n[ -z "$SECRET" ] && echo "Version: 9.8.7"\n')
  chmodSync(path, 0o755)
  process.env.SECRET = 'not for opa'
  onTestFinished(() => {
    delete process.env.SECRET
  })
  expect(await findOpa({ PATH: `/nowhere:${folder}` })).toMatchObject({ path, version: '9.8.7' })
  expect(await findOpa({ OPA_BIN: path, PATH: '/nowhere' })).toMatchObject({ path, version: '9.8.7' })
  expect(await findOpa({ PATH: '/nowhere' })).toBeUndefined()
  await expect(findOpa({ OPA_BIN: join(folder, 'none') })).rejects.toMatchObject({ code: 'not_runnable' })
})

test('packaged wasm is found by its own digest, for a replay without opa', async () => {
  const { policies } = await load('c', readFolder('.'))
  for (const { wasm } of policies) expect(packagedByDigest(wasm)).toMatchObject({ digest: wasm })
  expect(packagedByDigest('0'.repeat(64))).toBeUndefined()
})

test('however many policies there are, the library is read once', async () => {
  let read = 0
  const lib = {
    path: 'policies/lib/x.rego',
    get text() {
      read += 1
      return 'package lib.x'
    },
  }
  const policies = Array.from({ length: 20 }, (_, i) => ({
    path: `policies/p${i}.rego`,
    ...({ text: '', name: `p${i}`, type: 'approval', root: 'gitsudo' } as const),
  }))
  expect((await compileAll({ packaged }, policies, [lib])).faults).toHaveLength(20)
  expect(read).toBe(1)
})
