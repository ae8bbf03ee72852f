import type { Found, ProviderAnswer } from '../cli/deps.ts'
import { type Call, type Provider, ProviderError } from '../provider/port.ts'
import { callFor } from '../reconcile/call-for.ts'
import type { Clock } from '../reconcile/ports/clock.ts'

/** Whole organisations are looked through. */
const patienceMs = 120_000
const unbounded = new AbortController().signal

/** Asks every provider at once; a `ProviderError` becomes the answer of that one alone. */
export const askProviders = <T>(
  providers: ReadonlyMap<string, Provider>,
  clock: Clock,
  question: (cloud: Provider, call: Call) => Promise<Found<T>>,
): Promise<readonly ProviderAnswer<T>[]> =>
  Promise.all(
    [...providers].map(async ([provider, cloud]) => {
      try {
        return { provider, ...(await question(cloud, callFor(clock.now(), patienceMs, unbounded))) }
      } catch (error) {
        if (error instanceof ProviderError) return { provider, trouble: error.message }
        throw error
      }
    }),
  )
