import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { readDirectory } from '../identity/directory.ts'
import { policyData } from '../identity/policy-data.ts'
import { type CompilePolicy, createCompiler } from './compile.ts'
import { compileAll, type LoaderDeps } from './load.ts'
import { type Opa, OpaError, runOpa } from './opa.ts'
import type { PolicyFault } from './policy-fault.ts'
import { type RegoFile, readSources } from './sources.ts'

export type RegoTest = {
  readonly file: string
  readonly line: number
  readonly name: string
  readonly result: 'passed' | 'failed' | 'error' | 'skipped'
  readonly why?: string
}

const timeoutMs = 60_000

/**
 * Runs the Rego tests of a commit (`files`: path → bytes) as its policies are loaded: `roles_test.rego` with
 * policy `roles` and the library, or with the library alone where a library file is called so, the commit's
 * data in place. Policies share two packages, so that all at once they would be one. What does not load is in
 * `faults`, and then nothing is run. Throws `OpaError` when opa cannot be run to its end.
 */
export async function runRegoTests(
  deps: Pick<LoaderDeps, 'packaged'> & {
    readonly opa: Opa
    readonly capabilities: Uint8Array
    readonly compile?: CompilePolicy
    readonly signal?: AbortSignal
  },
  files: ReadonlyMap<string, Uint8Array>,
): Promise<{ readonly tests: readonly RegoTest[]; readonly faults: readonly PolicyFault[] }> {
  const { opa, capabilities, packaged, compile = createCompiler(opa, capabilities) } = deps
  const { policies, lib, tests, faults } = readSources(files)
  const data = readDirectory(files)
  const compiled = await compileAll({ packaged, compile }, policies, lib)
  const wrong = [...faults, ...(data.ok ? [] : data.faults), ...compiled.faults]
  if (!data.ok || wrong.length > 0) return { tests: [], faults: wrong }
  const results: RegoTest[] = []
  for (const test of tests) {
    const name = baseOf(test.path, '_test.rego')
    const policy = policies.find((candidate) => candidate.name === name)
    if (policy === undefined && !lib.some(({ path }) => baseOf(path, '.rego') === name)) {
      const why = `no policy and no library file is called ${name}`
      results.push({ file: test.path, line: 1, name, result: 'error', why })
      continue
    }
    const rego = compiled.policies.find(({ source }) => source.name === name)?.compiled.rego
    const old = policy !== undefined && rego === 'v0' ? [policy.path] : []
    const loaded = [test, ...lib, ...(policy === undefined ? [] : [policy])]
    results.push(...(await runFile(deps, loaded, old, policyData(data.directory))))
  }
  return { tests: results, faults: [] }
}

async function runFile(
  { opa, capabilities, signal }: Pick<Parameters<typeof runRegoTests>[0], 'opa' | 'capabilities' | 'signal'>,
  files: readonly RegoFile[],
  old: readonly string[],
  data: object,
): Promise<readonly RegoTest[]> {
  const folder = await mkdtemp(join(tmpdir(), 'gitsudo-rego-test-'))
  const bundle = join(folder, 'bundle')
  const file = files[0]?.path ?? ''
  try {
    for (const { path, text } of files) {
      await mkdir(dirname(join(bundle, path)), { recursive: true })
      await writeFile(join(bundle, path), text)
    }
    const versions = Object.fromEntries(old.map((path) => [`/${path}`, 0]))
    await writeFile(
      join(bundle, '.manifest'),
      JSON.stringify({ rego_version: 1, file_rego_versions: versions }),
    )
    await writeFile(join(bundle, 'data.json'), JSON.stringify(data))
    await writeFile(join(folder, 'capabilities.json'), capabilities)
    const args = ['test', '--format', 'json', '--capabilities', '../capabilities.json', '--bundle', '.']
    const { stdout, stderr } = await runOpa(opa, args, { timeoutMs, cwd: bundle, signal })
    return read(stdout, stderr, file)
  } catch (error) {
    if (!(error instanceof OpaError && error.code === 'limit')) throw error
    return [{ file, line: 1, name: '', result: 'error', why: error.message }]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

type OpaTest = {
  readonly location: { readonly file: string; readonly row: number }
  readonly name: string
  readonly fail?: boolean
  readonly skip?: boolean
  readonly error?: { readonly message: string }
}

function read(stdout: string, stderr: string, file: string): readonly RegoTest[] {
  let tests: readonly OpaTest[]
  try {
    tests = JSON.parse(stdout)
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause
    return [{ file, line: 1, name: '', result: 'error', why: (stderr || stdout).trim() }]
  }
  if (!Array.isArray(tests)) throw new OpaError('not_runnable', 'opa test answered something else than tests')
  if (tests.length === 0) return [{ file, line: 1, name: '', result: 'error', why: 'there is no test in it' }]
  const inOrder = tests.toSorted((a, b) => a.location.row - b.location.row)
  return inOrder.map(({ location, name, fail, skip, error }) => ({
    file: location.file.replace(/^(\.?\/)+/, ''),
    line: location.row,
    name,
    result: error !== undefined ? 'error' : fail === true ? 'failed' : skip === true ? 'skipped' : 'passed',
    ...(error === undefined ? {} : { why: error.message }),
  }))
}

const baseOf = (path: string, ending: string): string => path.slice(path.lastIndexOf('/') + 1, -ending.length)
