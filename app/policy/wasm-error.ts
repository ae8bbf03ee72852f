/** Why an evaluation ended before its result: the policy is refused for it (trust.md 4.1). */
export class WasmError extends Error {
  readonly code: 'aborted' | 'memory' | 'too_large'
  constructor(code: WasmError['code'], message: string) {
    super(message)
    this.name = 'WasmError'
    this.code = code
  }
}
