import { createRequire } from 'node:module'
import { sprintf } from './sprintf.ts'
import { timeBuiltins } from './time-builtins.ts'
import { WasmError } from './wasm-error.ts'

/**
 * Runs a policy's wasm by opa's ABI 1.2 (https://www.openpolicyagent.org/docs/wasm). The SDK keeps data and
 * entry points; built-ins and the reading of results are ours, because the SDK's own neither bound what a
 * policy makes the host allocate (a large enough `sprintf` ends the whole process) nor let it be replaced.
 */
const { LoadedPolicy } = createRequire(import.meta.url)(
  '@open-policy-agent/opa-wasm',
) as typeof import('@open-policy-agent/opa-wasm')

/** What crosses from wasm to the host at once: an argument of a built-in, or the result. */
const largestText = 1024 * 1024
const page = 65_536

type Exports = {
  readonly opa_eval: (
    reserved: 0,
    entrypoint: number,
    data: number,
    input: number,
    inputLength: number,
    heap: number,
    format: 0,
  ) => number
  readonly opa_json_dump: (value: number) => number
  readonly opa_json_parse: (text: number, length: number) => number
  readonly opa_malloc: (size: number) => number
  readonly builtins: () => number
}
type Memory = { readonly buffer: ArrayBuffer; grow(pages: number): number }
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number }) => Memory
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Exports }
}

export type PolicyInstance = {
  setData(json: Uint8Array): void
  /** The document at `entrypoint`; undefined where the policy has none. Throws what the policy met. */
  evaluate(input: Uint8Array, entrypoint: string, now: number): unknown
  /** Bytes of memory in use; it never shrinks. */
  size(): number
}

export function instantiate(wasm: Uint8Array, maximumPages: number): PolicyInstance {
  const memory = new WebAssembly.Memory({ initial: 5, maximum: maximumPages })
  let now = 0
  const host: Readonly<Record<string, (...args: unknown[]) => unknown>> = {
    ...timeBuiltins(() => now),
    sprintf,
  }
  const names = new Map<number, string>()

  const text = (at: number): string => {
    const bytes = new Uint8Array(memory.buffer)
    const end = bytes.indexOf(0, at)
    if (end - at > largestText)
      throw new WasmError('too_large', `a value is larger than ${largestText} bytes`)
    return Buffer.from(bytes.subarray(at, end)).toString('utf8')
  }
  const read = (value: number): unknown => JSON.parse(text(exports.opa_json_dump(value)))
  const write = (json: string): number => {
    const bytes = Buffer.from(json)
    const at = exports.opa_malloc(bytes.length)
    new Uint8Array(memory.buffer).set(bytes, at)
    return exports.opa_json_parse(at, bytes.length)
  }
  const builtin = (id: number, _context: number, ...args: number[]): number => {
    const name = names.get(id) ?? ''
    const call = Object.hasOwn(host, name) ? host[name] : undefined
    if (call === undefined) throw new WasmError('aborted', `built-in ${name} is not available`)
    const result = call(...args.map(read))
    if (result === undefined) return 0
    return write(typeof result === 'bigint' ? String(result) : JSON.stringify(result))
  }

  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), {
    env: {
      memory,
      opa_abort: (at: number) => {
        const why = text(at)
        throw new WasmError(why.startsWith('opa_malloc') ? 'memory' : 'aborted', why)
      },
      opa_println: () => undefined,
      opa_builtin0: builtin,
      opa_builtin1: builtin,
      opa_builtin2: builtin,
      opa_builtin3: builtin,
      opa_builtin4: builtin,
    },
  })
  for (const [name, id] of Object.entries(read(exports.builtins()) as Record<string, number>))
    names.set(id, name)
  const policy = new LoadedPolicy({ instance: { exports } }, memory, 2)

  return {
    setData: (json) => policy.setData(new Uint8Array(json).buffer),
    evaluate(input, entrypoint, at) {
      now = at
      const start: number = policy.dataHeapPtr
      const missing = start + input.length - memory.buffer.byteLength
      if (missing > 0) memory.grow(Math.ceil(missing / page))
      new Uint8Array(memory.buffer).set(input, start)
      const entry: number = policy.entrypoints[entrypoint]
      const result = exports.opa_eval(0, entry, policy.dataAddr, start, input.length, start + input.length, 0)
      const [first] = JSON.parse(text(result)) as readonly { readonly result: unknown }[]
      return first?.result
    },
    size: () => memory.buffer.byteLength,
  }
}
