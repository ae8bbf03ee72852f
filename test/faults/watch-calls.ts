import { isDeepStrictEqual } from 'node:util'
import type { Ending, Phase, Spot } from './cell.ts'
import { type Cloud, slots } from './clouds/cloud.ts'

/** Whoever waits asks the same again: more calls of a name in one phase are the same spot. */
const most = 4

type Watched = { readonly in: Cloud; readonly slot: string; readonly ending: Ending }

type Noted = Spot & { readonly slot: string }

/** Writes down which calls lives make, phase by phase, as their clouds see them. */
export const watchCalls = (watched: readonly Watched[]) => {
  const noted: Noted[] = []
  let now: { readonly phase: Phase; readonly ending?: Ending } | undefined
  const note = ({ in: cloud, ending, slot }: Watched, call: string, shared: boolean, said: string) => {
    if (now === undefined || (now.ending !== undefined && now.ending !== ending)) return
    // Until its end came it is the same life.
    if (ending === 'expired' && now.phase !== 'take') return
    const of = shared ? cloud.kindOf?.(said) : undefined
    const kind = {
      cloud: cloud.name,
      ending,
      phase: now.phase,
      call,
      shared,
      ...(of === undefined ? {} : { of }),
    }
    const before = noted.filter(({ nth: _, ...one }) => isDeepStrictEqual(one, { ...kind, slot })).length
    if (before < (shared ? 1 : most)) noted.push({ ...kind, slot, nth: before + 1 })
  }
  const stops = [...new Set(watched.map((one) => one.in))].map((cloud) => {
    const here = watched.filter((one) => one.in === cloud)
    return cloud.faults.watch((call, said) => {
      if (cloud.ownCalls?.includes(call) === true) return
      const about = slots.filter((slot) => said.includes(cloud.about(slot)))
      // One about a place where nothing is played is a look around.
      for (const one of here) {
        if (about.includes(one.slot)) note(one, call, false, said)
        else if (about.length === 0) note(one, call, true, said)
      }
    })
  })
  return {
    during(phase?: Phase, ending?: Ending): void {
      now = phase === undefined ? undefined : { phase, ...(ending === undefined ? {} : { ending }) }
    },
    /** Those that every life of its cloud and ending made. */
    spots(): readonly Spot[] {
      const made = Map.groupBy(noted, ({ slot: _, ...spot }) => JSON.stringify(spot))
      return [...made.values()].flatMap(([one, ...others]) => {
        if (one === undefined) return []
        const { slot: _, ...spot } = one
        const lives = watched.filter(
          ({ in: { name }, ending }) => name === spot.cloud && ending === spot.ending,
        )
        return others.length + 1 === lives.length ? [spot] : []
      })
    },
    stop(): void {
      for (const stop of stops) stop()
    },
  }
}
