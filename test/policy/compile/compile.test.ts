import { chmodSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createCompiler } from '../../../app/policy/compile.ts'
import { capabilities, compile, opa, policy } from './compiler.ts'

const lib = (text: string) => [{ path: 'policies/lib/x.rego', text }]

test('the same sources compile to the same bytes; another library to others', async () => {
  const source = policy('package gitsudo.eligibility\nallow if data.lib.x.yes\n')
  const one = await compile(source, lib('package lib.x\nyes := true\n'))
  const again = await createCompiler(opa, capabilities)(source, lib('package lib.x\nyes := true\n'))
  const other = await compile(source, lib('package lib.x\nyes := false\n'))
  expect(again.digest).toBe(one.digest)
  expect(other.digest).not.toBe(one.digest)
  expect(await compile(source, lib('package lib.x\nyes := true\n'))).toBe(one)
})

test('no temporary file stays', async () => {
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('gitsudo-rego-'))
  const before = left()
  await compile(policy('package gitsudo.approval\nallow := 1 == 1\n'), [])
  await expect(compile(policy('package gitsudo.approval\nallow := \n'), [])).rejects.toThrow()
  expect(left().filter((name) => !before.includes(name))).toEqual([])
})

test.each([
  ['network', 'allow if http.send({"method": "get", "url": "http://x"}).status == 200'],
  ['name look-up', 'allow if count(net.lookup_ip_addr("x")) > 0'],
  ['environment', 'allow if opa.runtime().env.HOME'],
  ['chance', 'allow if rand.intn("x", 2) == 1'],
  ['unique ids', 'allow if uuid.rfc4122("x")'],
  ['keys', 'allow if crypto.x509.parse_keypair("a", "b")'],
])('there is no %s', async (_, rule) => {
  await expect(compile(policy(`package gitsudo.eligibility\n\n${rule}\n`), [])).rejects.toMatchObject({
    code: 'invalid',
    faults: [
      {
        file: 'policies/mine.rego',
        line: 3,
        code: 'rego_type_error',
        remedy: expect.stringContaining('built-ins'),
      },
    ],
  })
})

test('all errors come with file, line, column and code, those of the library too', async () => {
  const source = policy('package gitsudo.eligibility\nallow if true\ndeny contains x if { y }\n')
  await expect(compile(source, lib('package lib.x\n\nf(a) := b\n'))).rejects.toMatchObject({
    faults: [
      { file: 'policies/lib/x.rego', line: 3, column: 9, code: 'rego_unsafe_var_error' },
      { file: 'policies/mine.rego', line: 3, column: 15, code: 'rego_unsafe_var_error' },
    ],
  })
})

test('plain pre-1.0 syntax is read in jitsudo files only', async () => {
  const rules = 'default allow = false\nallow { input.user.groups[_] == "sre" }\n'
  expect((await compile(policy(`package jitsudo.eligibility\n${rules}`), [])).rego).toBe('v0')
  const modern = await compile(
    policy('package jitsudo.eligibility\nimport future.keywords.if\nallow if input.x\n'),
    [],
  )
  expect(modern.rego).toBe('v1')
  await expect(compile(policy(`package gitsudo.eligibility\n${rules}`), [])).rejects.toMatchObject({
    faults: [{ line: 3, code: 'rego_parse_error', remedy: expect.stringContaining('v1') }],
  })
})

test('an old policy works with a library of today', async () => {
  const source = policy('package jitsudo.eligibility\nallow { data.lib.x.yes }\n')
  expect((await compile(source, lib('package lib.x\nyes if input.user\n'))).rego).toBe('v0')
})

test('an old policy that is wrong in both says what is wrong as it was meant', async () => {
  await expect(compile(policy('package jitsudo.eligibility\nallow { nosuch }\n'), [])).rejects.toMatchObject({
    faults: [{ line: 2, code: 'rego_unsafe_var_error' }],
  })
  await expect(compile(policy('package jitsudo.eligibility\nallow {{ }\n'), [])).rejects.toMatchObject({
    faults: [{ code: 'rego_parse_error' }],
  })
})

test('whether there is an `allow` to ask reviewers by', async () => {
  const has = async (text: string) =>
    (await compile(policy(`package gitsudo.approval\n${text}\n`), [])).hasAllow
  expect(await has('allow if input.user.groups[_] == "lead"')).toBe(true)
  expect(await has('required contains {"group": "sre"}')).toBe(false)
})

test('a compiler that hangs or does not run is trouble, not a fault of the policy', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'gitsudo-opa-')), 'opa')
  writeFileSync(path, 'no program')
  const broken = createCompiler({ path, version: '1.22.0' }, capabilities)
  await expect(broken(policy('package gitsudo.approval\n'), [])).rejects.toMatchObject({ code: 'trouble' })
  writeFileSync(path, '#!/bin/sh\nexec sleep 60\n')
  chmodSync(path, 0o755)
  const hanging = createCompiler({ path, version: '1.22.0' }, capabilities, { timeoutMs: 100 })
  await expect(hanging(policy('package gitsudo.approval\n'), [])).rejects.toMatchObject({
    code: 'trouble',
    faults: [{ code: 'compiler_trouble', message: expect.stringContaining('did not finish') }],
  })
})
