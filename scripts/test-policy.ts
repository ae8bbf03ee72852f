import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readFolder } from '../app/policy/folder.ts'
import { findOpa } from '../app/policy/opa.ts'
import { createPackaged, readCapabilities } from '../app/policy/packaged.ts'
import { runRegoTests } from '../app/policy/test-run.ts'

/**
 * Everything that needs the Rego compiler: format and tests of the default policies, whether their packaged
 * wasm is fresh, and the tests of compiling itself. `--where-possible` (`npm run check`): without opa it says
 * aloud what was not checked and goes on, but never in CI.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({ options: { 'where-possible': { type: 'boolean', default: false } } })
const found = spawnSync(process.execPath, [`${root}scripts/opa`], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'inherit'],
})
if (found.error !== undefined) throw found.error
if (found.status !== 0) {
  const excused = values['where-possible'] && !process.env.CI
  console.error(
    `\nNOT CHECKED for want of opa: format and tests of policies/, freshness of the packaged wasm, compiling.${excused ? '\nEverything else goes on.' : ''}\n`,
  )
  process.exit(excused ? 0 : 1)
}
const path = found.stdout.trim()
const opa = await findOpa({ OPA_BIN: path })
if (opa === undefined) throw new Error('scripts/opa named no opa')

let failed = 0
const step = (name: string, command: string, args: readonly string[]) => {
  console.log(`\n${name}`)
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, OPA_BIN: path },
  })
  if (error !== undefined) throw error
  if (status !== 0) failed += 1
}

step('format', path, ['fmt', '--list', '--diff', '--fail', 'policies'])
step('packaged wasm', process.execPath, ['scripts/package-policies.ts', '--check'])

console.log('\nRego tests')
const deps = { opa, capabilities: readCapabilities(), packaged: createPackaged() }
const { tests, faults } = await runRegoTests(deps, readFolder(root))
for (const { file, line, message } of faults) console.error(`${file}:${line}: ${message}`)
for (const { file, line, name, result, why } of tests) {
  if (result !== 'passed')
    console.error(`${file}:${line}: ${name} ${result}${why === undefined ? '' : `: ${why}`}`)
}
const passed = tests.filter(({ result }) => result === 'passed').length
console.log(`${passed} of ${tests.length} Rego tests passed`)
if (faults.length > 0 || passed < tests.length || tests.length === 0) failed += 1

step('compiling', process.execPath, [
  'node_modules/vitest/vitest.mjs',
  'run',
  '--config',
  'vitest.policy.config.ts',
])
if (failed > 0) process.exitCode = 1
