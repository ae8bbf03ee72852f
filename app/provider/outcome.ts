import type { OutcomeOf } from '../reconcile/turns/turns.ts'
import { NotSentError, ProviderError } from './port.ts'

/** What a failed call tells of the place it was sent to. A refusal is an answer. */
export const outcomeOf: OutcomeOf = (error, signal, patient) => {
  if (signal.aborted) {
    const { reason } = signal
    const late = reason instanceof Error && reason.name === 'TimeoutError'
    return { kind: late && patient ? 'silent' : 'untold' }
  }
  if (!(error instanceof ProviderError) || error instanceof NotSentError) return { kind: 'untold' }
  // What we make of it (after-write.ts) is not what the place said.
  if (error.cause instanceof ProviderError) return outcomeOf(error.cause, signal, patient)
  const { kind, retryAfter } = error
  if (kind === 'throttled') return retryAfter === undefined ? { kind } : { kind, retryAfter }
  // Without a cause it is our own reading of an answer: not to be seen yet, for example.
  const unheard = (kind === 'unavailable' || kind === 'unknown') && error.cause !== undefined
  return { kind: unheard ? 'failed' : 'answered' }
}
