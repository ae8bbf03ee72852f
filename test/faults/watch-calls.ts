import { comesThrough, type Fate, nameOf, type Phase, type Spot, spotsOf } from './cell.ts'
import { type Cloud, slots } from './clouds/cloud.ts'

type Watched = { readonly in: Cloud; readonly slot: string; readonly fate: Fate }
type Call = { readonly phase: Phase; readonly call: string; readonly said: string }

/** Compares the calls that undisturbed lives make, as their clouds see them, with those that the matrix is made of. */
export const watchCalls = (watched: readonly Watched[]) => {
  const made = new Map<Cloud, Call[]>(watched.map((one) => [one.in, []]))
  let now: Phase | undefined
  const stops = [...made].map(([cloud, calls]) =>
    cloud.faults.watch((call, said) => {
      if (now !== undefined && cloud.ownCalls?.includes(call) !== true) calls.push({ phase: now, call, said })
    }),
  )
  const all = (spot: Spot, calls: readonly Call[]): boolean =>
    'says' in spot &&
    calls.some(
      ({ phase, call, said }) => phase === spot.phase && call === spot.call && said.includes(spot.says),
    )
  return {
    during(phase?: Phase): void {
      now = phase
    },
    /** Calls of a phase that not every life has made, by name. */
    lacking: (phase: Phase): readonly string[] =>
      watched.flatMap((one) => {
        const calls = made.get(one.in) ?? []
        const wanted = spotsOf(one.in.name, one.in.calls).filter((spot) => spot.phase === phase)
        if (!comesThrough(one.fate, phase)) return []
        return wanted
          .filter((spot) => {
            if (!('nth' in spot)) return !all(spot, calls)
            const own = calls.filter(
              ({ call, said, ...at }) =>
                at.phase === phase && call === spot.call && said.includes(one.in.about(one.slot)),
            )
            return own.length < spot.nth
          })
          .map((spot) => `${nameOf(spot)} in ${one.slot}`)
      }),
    /** Calls of which the matrix knows nothing. */
    unknown: (): readonly string[] =>
      [...made].flatMap(([cloud, calls]) => {
        const spots = spotsOf(cloud.name, cloud.calls)
        const unknown = calls.filter(({ call, said }) => {
          const own = slots.some((slot) => said.includes(cloud.about(slot)))
          return !spots.some((spot) => spot.call === call && ('nth' in spot ? own : said.includes(spot.says)))
        })
        return [
          ...new Set(unknown.map(({ phase, call, said }) => `${cloud.name}, ${phase}: ${call} of ${said}`)),
        ]
      }),
    stop(): void {
      for (const stop of stops) stop()
    },
  }
}
