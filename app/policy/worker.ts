import { type MessagePort, workerData } from 'node:worker_threads'
import { type FromWorker, memoryLimitPages, outOfMemory, type ToWorker } from './evaluation.ts'
import type { EvaluationFailure } from './result.ts'
import { readDocument } from './shape.ts'
import { WasmError } from './wasm-error.ts'
import { instantiate, type PolicyInstance } from './wasm-host.ts'

/**
 * Evaluates policies, one at a time, in a thread that can be ended from outside. Whatever the policy does
 * is an outcome; a policy instance that failed is thrown away, so that the next evaluation starts clean.
 */
type Module = Extract<ToWorker, { kind: 'module' }>
type Instance = { readonly policy: PolicyInstance; readonly data: string }

/** An instance that grew past this is not kept: memory of wasm never shrinks. */
const keptBytes = 8 * 1024 * 1024
/** What all kept ones may take together: a commit may bring hundreds of policies. */
const keptInAll = 256 * 1024 * 1024

const port: MessagePort = workerData.port
const modules = new Map<string, Module>()
const dataBytes = new Map<string, Uint8Array>()
const instances = new Map<string, Instance>()

port.on('message', (message: ToWorker) => {
  if (message.kind === 'module') modules.set(message.digest, message)
  else if (message.kind === 'data') dataBytes.set(message.digest, message.bytes)
  else send({ kind: 'done', outcome: evaluate(message) })
})

const send = (message: FromWorker) => port.postMessage(message)

type Outcome = Extract<FromWorker, { kind: 'done' }>['outcome']

function evaluate(job: Extract<ToWorker, { kind: 'evaluate' }>): Outcome {
  const ready = prepare(job)
  if ('why' in ready) return ready
  const { module, policy } = ready
  send({ kind: 'started' })
  try {
    const document = policy.evaluate(job.input, module.entrypoint, job.now)
    if (policy.size() > keptBytes) instances.delete(job.module)
    const inAll = [...instances.values()].reduce((sum, kept) => sum + kept.policy.size(), 0)
    if (inAll > keptInAll) instances.clear()
    return readDocument(document, job.aspect, module.hasAllow)
  } catch (error) {
    instances.delete(job.module)
    return { kind: 'error', why: whyOf(error) }
  }
}

/** Nothing of the policy has run yet: but for data that does not fit, a failure here is ours, and no verdict. */
function prepare(
  job: Extract<ToWorker, { kind: 'evaluate' }>,
): { readonly module: Module; readonly policy: PolicyInstance } | EvaluationFailure {
  try {
    const module = known(modules, job.module)
    return { module, policy: instanceOf(module, job.data).policy }
  } catch (error) {
    instances.delete(job.module)
    const full = error instanceof WasmError && error.code === 'memory'
    return full ? { kind: 'error', why: outOfMemory } : { kind: 'trouble', why: whyOf(error) }
  }
}

function instanceOf(module: Module, data: string): Instance {
  const kept = instances.get(module.digest)
  if (kept?.data === data) return kept
  const policy = kept?.policy ?? instantiate(module.wasm, memoryLimitPages)
  policy.setData(known(dataBytes, data))
  const instance = { policy, data }
  instances.set(module.digest, instance)
  return instance
}

function known<T>(map: ReadonlyMap<string, T>, digest: string): T {
  const value = map.get(digest)
  if (value === undefined) throw new Error(`the worker was never sent ${digest}`)
  return value
}

function whyOf(error: unknown): string {
  if (error instanceof WasmError && error.code === 'memory') return outOfMemory
  if (error instanceof RangeError && /call stack/i.test(error.message))
    return 'it recurses deeper than the stack'
  if (error instanceof RangeError) return outOfMemory
  return error instanceof Error ? error.message.slice(0, 500) : String(error).slice(0, 500)
}
