/** One thing wrong with the configuration: the key (or variable) at fault, what is wrong, and what to do. */
export type ConfigFault = { readonly key: string; readonly message: string; readonly remedy: string }

/** Thrown by `loadConfig`: every fault, so that one start-up tells all. */
export class ConfigError extends Error {
  readonly faults: readonly ConfigFault[]
  constructor(source: string, faults: readonly ConfigFault[]) {
    const lines = faults.map((fault) => `  ${fault.key}: ${fault.message}\n    → ${fault.remedy}`)
    super(`${source}: ${faults.length === 1 ? '1 fault' : `${faults.length} faults`}\n${lines.join('\n')}`)
    this.name = 'ConfigError'
    this.faults = faults
  }
}
