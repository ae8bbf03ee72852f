import { ProviderError } from '../../app/provider/port.ts'

type Time = { now(): number; advance(ms: number): void }

/** Asks once; where the cloud says how long to stay away, lets that pass and has no answer. */
export const waiting = async <T>(time: Time, ask: () => Promise<T>): Promise<T | undefined> => {
  const asked = time.now()
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof ProviderError) || error.retryAfter === undefined) throw error
    // Others who ask at the same time have let it pass already.
    time.advance(Math.max(0, asked + error.retryAfter - time.now()))
    return undefined
  }
}
