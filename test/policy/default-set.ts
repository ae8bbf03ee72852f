import { afterAll } from 'vitest'
import { readFolder } from '../../app/policy/folder.ts'
import { createPolicyLoader } from '../../app/policy/load.ts'
import { createPackaged } from '../../app/policy/packaged.ts'
import { createEvaluatorPool } from '../../app/policy/pool.ts'

/** The default policies on their packaged wasm, as a machine without opa has them. */
export async function loadDefaults() {
  const pool = createEvaluatorPool()
  afterAll(() => pool.close())
  return createPolicyLoader({ pool, packaged: createPackaged() })('c0ffee', readFolder('.'))
}
