import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LocalPolicies } from '../cli/deps.ts'
import { Failure } from '../cli/failure.ts'
import { checkPolicies, requestSchemaFile } from '../policy/check.ts'
import { createCompiler } from '../policy/compile.ts'
import { evalPolicies } from '../policy/eval.ts'
import { readFolder } from '../policy/folder.ts'
import { createPolicyLoader } from '../policy/load.ts'
import { findOpa } from '../policy/opa.ts'
import { createPackaged, readCapabilities } from '../policy/packaged.ts'
import { PolicyLoadError } from '../policy/policy-fault.ts'
import type { LoadedPolicySet } from '../policy/policy-set.ts'
import { createEvaluatorPool } from '../policy/pool.ts'
import { runRegoTests } from '../policy/test-run.ts'
import type { Clock } from '../reconcile/ports/clock.ts'

/** The policy room over a folder, without a service. */
export const policyTools = async (env: NodeJS.ProcessEnv) => {
  const pool = createEvaluatorPool()
  const opa = await findOpa(env)
  const capabilities = readCapabilities()
  const packaged = createPackaged()
  const compile = opa === undefined ? undefined : createCompiler(opa, capabilities)
  const load = createPolicyLoader({ pool, packaged, compile })
  return {
    opa,
    capabilities,
    packaged,
    check: (files: ReadonlyMap<string, Uint8Array>) => checkPolicies({ packaged, compile }, files),
    load: (dir: string): Promise<LoadedPolicySet> => load('working tree', readFolder(dir)),
    close: () => pool.close(),
  }
}

/** `gitsudo policy check | test | eval` over the `policies/` of a folder. */
export const localPolicies = async (
  dir: string,
  env: NodeJS.ProcessEnv,
  clock: Clock,
): Promise<LocalPolicies> => {
  const tools = await policyTools(env)
  return {
    async check() {
      const files = new Map(readFolder(dir))
      const schema = join(dir, requestSchemaFile)
      if (existsSync(schema)) files.set(requestSchemaFile, readFileSync(schema))
      const { policies, faults, notes } = await tools.check(files)
      return {
        policies,
        faults: faults.map(
          ({ file, line, column, message, remedy }) => `${file}:${line}:${column} ${message}; ${remedy}`,
        ),
        notes: notes.map(({ file, message }) => `${file}: ${message}`),
      }
    },
    async test() {
      if (tools.opa === undefined) {
        throw new Failure(
          'unknown',
          'There is no opa on this machine to run Rego tests.',
          'put opa on PATH or name it in OPA_BIN',
        )
      }
      const { opa, capabilities, packaged } = tools
      const { tests, faults } = await runRegoTests({ opa, capabilities, packaged }, readFolder(dir))
      if (faults.length > 0) throw new PolicyLoadError('invalid', faults)
      const passed = tests.filter(({ result }) => result === 'passed').length
      return {
        passed,
        failed: tests.length - passed,
        output: tests
          .map(
            ({ file, line, name, result, why }) =>
              `${result} ${file}:${line} ${name}${why === undefined ? '' : `: ${why}`}`,
          )
          .join('\n'),
      }
    },
    evaluate: async (type, input) => evalPolicies(await tools.load(dir), type, input, clock.now()),
    close: () => tools.close(),
  }
}
