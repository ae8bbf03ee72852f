import type { Call } from '../provider/port.ts'

/** Node takes what is longer for one millisecond. */
const longestTimerMs = 2 ** 31 - 1

/**
 * A call's bounds: `ms` in all, half of it to wait for its turn. Whoever begins has time to finish then; without that,
 * where more want than can, the head of a line would begin with too little left, fail, and keep the next from it too.
 * @param now epoch ms
 */
export const callFor = (now: number, ms: number, signal: AbortSignal, attempt?: number): Call => {
  const within = (span: number) =>
    AbortSignal.any([signal, AbortSignal.timeout(Math.floor(Math.min(Math.max(0, span), longestTimerMs)))])
  return {
    deadline: now + ms,
    signal: within(ms),
    turnBy: within(ms / 2),
    ...(attempt === undefined ? {} : { attempt }),
  }
}
