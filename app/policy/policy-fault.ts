import type { Fault, FaultCode } from '../request/fault.ts'

/** opa's own codes are passed on as they are; the others are ours. */
export type PolicyFaultCode =
  | FaultCode
  | `rego_${string}`
  | 'package'
  | 'mixed_roots'
  | 'name'
  | 'annotation'
  | 'mode'
  | 'collision'
  | 'too_many'
  | 'limit'
  | 'compiler_missing'
  | 'compiler_trouble'

/** A fault of anything below `policies/`: Rego sources and data files alike. */
export type PolicyFault = Omit<Fault, 'code'> & { readonly code: PolicyFaultCode }

/**
 * A commit whose policies cannot be used. `invalid`: its files are at fault, the same for ever.
 * `no_compiler`: they are not the packaged ones and there is no opa. `trouble`: worth another try.
 */
export class PolicyLoadError extends Error {
  readonly code: 'invalid' | 'no_compiler' | 'trouble'
  readonly faults: readonly PolicyFault[]
  constructor(code: PolicyLoadError['code'], faults: readonly PolicyFault[], options?: ErrorOptions) {
    super(faults.map((fault) => `${fault.file}:${fault.line}: ${fault.message}`).join('\n'), options)
    this.name = 'PolicyLoadError'
    this.code = code
    this.faults = faults
  }
}
