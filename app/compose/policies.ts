import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LocalPolicies } from '../cli/deps.ts'
import { Failure } from '../cli/failure.ts'
import { checkPolicies, requestSchemaFile } from '../policy/check.ts'
import { evalPolicies } from '../policy/eval.ts'
import { readFolder } from '../policy/folder.ts'
import { PolicyLoadError } from '../policy/policy-fault.ts'
import { runRegoTests } from '../policy/test-run.ts'
import type { Clock } from '../reconcile/ports/clock.ts'
import { policyTools } from './policy-tools.ts'

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
      const { policies, faults, notes } = await checkPolicies(tools, files)
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
        output: tests.flatMap(({ file, line, name, result, why }) => {
          const [first, ...more] = why?.split('\n') ?? []
          return [
            `${result} ${file}:${line} ${name}${first === undefined ? '' : `: ${first}`}`,
            ...more.map((one) => `  ${one}`),
          ]
        }),
      }
    },
    evaluate: async (type, input) =>
      evalPolicies(await tools.load('working tree', readFolder(dir)), type, input, clock.now()),
    close: () => tools.close(),
  }
}
