import { eachOf } from './each-of.ts'
import { type Binding, type Call, type Listing, ProviderError, type Unread } from './port.ts'

/** The part of a call's time in which places are read; then there is time left to say which were not. */
const share = 0.8

/**
 * What `read` finds in each place. One that refuses, fails or hangs is named, and keeps no other from being listed.
 * @param now epoch ms
 * @throws ProviderError when not one of them could be read
 */
export const listPlaces = async <P>(
  places: readonly P[],
  nameOf: (place: P) => string,
  read: (place: P, signal: AbortSignal) => Promise<readonly Binding[]>,
  call: Call,
  now: number,
): Promise<Listing> => {
  const ms = Math.max(0, Math.floor((call.deadline - now) * share))
  const signal = AbortSignal.any([call.signal, AbortSignal.timeout(ms)])
  const unread: Unread[] = []
  let first: ProviderError | undefined
  const found = await eachOf(places, async (place) => {
    try {
      return await read(place, signal)
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error
      first ??= error
      unread.push({ place: nameOf(place), kind: error.kind, why: error.message })
      return []
    }
  })
  if (first !== undefined && unread.length === places.length) throw first
  return { bindings: found.flat(), unread }
}
