import { setTimeout as pause } from 'node:timers/promises'
import { ProviderError } from './port.ts'

const shortestPauseMs = 1000

/** Does `work` again for as long as the cloud finds that it is asked too often, no sooner than it says. */
export const unthrottled = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind !== 'throttled') throw error
      // Those that were refused together do not all come back at once.
      const wait = (error.retryAfter ?? shortestPauseMs) * (1 + Math.random() / 4)
      await pause(wait, undefined, { signal }).catch(() => Promise.reject(error))
    }
  }
}
