import { type CompilePolicy, createCompiler } from '../policy/compile.ts'
import { createPolicyLoader } from '../policy/load.ts'
import { findOpa } from '../policy/opa.ts'
import { createPackaged, readCapabilities } from '../policy/packaged.ts'
import { createEvaluatorPool } from '../policy/pool.ts'

/** What compiles, loads and evaluates policies on this machine; `compile` is undefined where there is no opa. */
export const policyTools = async (env: NodeJS.ProcessEnv) => {
  const pool = createEvaluatorPool()
  const opa = await findOpa(env)
  const capabilities = readCapabilities()
  const packaged = createPackaged()
  const compile: CompilePolicy | undefined = opa === undefined ? undefined : createCompiler(opa, capabilities)
  return {
    opa,
    capabilities,
    packaged,
    compile,
    pool,
    load: createPolicyLoader({ pool, packaged, compile }),
    close: () => pool.close(),
  }
}
