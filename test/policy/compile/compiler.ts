import { createCompiler } from '../../../app/policy/compile.ts'
import { findOpa } from '../../../app/policy/opa.ts'
import { readCapabilities } from '../../../app/policy/packaged.ts'
import { readSources } from '../../../app/policy/sources.ts'

const found = await findOpa(process.env)
if (found === undefined) throw new Error('run these tests by `npm run test:policy`: they need opa in OPA_BIN')
export const opa = found
export const capabilities = readCapabilities()
export const compile = createCompiler(opa, capabilities)

/** One policy source, as the loader would read it; throws its faults. */
export function policy(text: string, name = 'mine') {
  const { policies, faults } = readSources(new Map([[`policies/${name}.rego`, Buffer.from(text)]]))
  const [source] = policies
  if (source === undefined) throw new Error(JSON.stringify(faults))
  return source
}
