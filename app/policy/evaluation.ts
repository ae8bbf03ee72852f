import type { EvaluationFailure } from './result.ts'
import type { Aspect, EvaluationValue } from './shape.ts'

export const timeLimitMs = 250
/** 64 MiB in pages of 64 KiB: what one policy may use, its data and input included. */
export const memoryLimitPages = 1024
export const outOfMemory = `it needs more than ${memoryLimitPages / 16} MiB of memory`

/** One question to one policy. Modules and data are sent to a worker once and named by digest from then on. */
export type Evaluation = {
  readonly module: {
    readonly digest: string
    readonly wasm: Uint8Array
    readonly entrypoint: string
    readonly hasAllow: boolean
  }
  readonly data: { readonly digest: string; readonly bytes: Uint8Array }
  /** JSON. */
  readonly input: Uint8Array
  readonly aspect: Aspect
  /** Epoch ms that `time.*` answers. */
  readonly now: number
}
export type EvaluationOutcome = EvaluationValue | EvaluationFailure

/** Main thread to worker. */
export type ToWorker =
  | {
      readonly kind: 'module'
      readonly digest: string
      readonly wasm: Uint8Array
      readonly entrypoint: string
      readonly hasAllow: boolean
    }
  | { readonly kind: 'data'; readonly digest: string; readonly bytes: Uint8Array }
  | {
      readonly kind: 'evaluate'
      readonly module: string
      readonly data: string
      readonly input: Uint8Array
      readonly aspect: Aspect
      readonly now: number
    }

/** Worker to main thread: `started` begins the time limit, after the module and its data are in place. */
export type FromWorker =
  | { readonly kind: 'started' }
  | { readonly kind: 'done'; readonly outcome: EvaluationOutcome }
