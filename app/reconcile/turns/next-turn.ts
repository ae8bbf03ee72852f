import type { Pace } from './pace.ts'

/** What a call does: takes access away, gives it, or compares what is there with what should be. */
export const lanes = ['takes', 'gives', 'looks'] as const
export type Lane = (typeof lanes)[number]

/** One place, with those who wait in each lane. */
export type Place = {
  readonly pace: Pace
  readonly running: number
  /** Of these, those that take nothing away. */
  readonly others: number
  readonly waiting: Readonly<Record<Lane, { readonly size: number }>>
  /** The number of its last turn. */
  readonly served: number
}

/** After so many turns of what gives, what compares has one: it finds what nobody granted. */
const longestRow = 7

/**
 * Whose turn it is: what takes away first, then what gives, then what compares; among places the one whose last turn is
 * longest ago. Undefined: nobody may go now.
 * @param most calls under way in all places. Of every limit a quarter is kept for what takes away
 * @param row turns of what gives since something was compared
 */
export const nextTurn = (
  places: ReadonlyMap<string, Place>,
  most: number,
  row: number,
  now: number,
): { readonly place: string; readonly lane: Lane } | undefined => {
  const all = [...places]
  const count = (of: 'running' | 'others') => all.reduce((sum, [, place]) => sum + place[of], 0)
  if (count('running') >= most) return undefined
  const open: readonly Lane[] =
    count('others') >= forOthers(most)
      ? ['takes']
      : row >= longestRow
        ? ['takes', 'looks', 'gives']
        : ['takes', 'gives', 'looks']
  for (const lane of open) {
    const [first] = all
      .filter(([, place]) => place.waiting[lane].size > 0 && hasRoom(place, lane, now))
      .sort(([, a], [, b]) => a.served - b.served)
    if (first !== undefined) return { place: first[0], lane }
  }
  return undefined
}

const hasRoom = ({ pace, running, others }: Place, lane: Lane, now: number): boolean =>
  now >= pace.notBefore &&
  running < Math.floor(pace.limit) &&
  (lane === 'takes' || others < forOthers(pace.limit))

const forOthers = (limit: number): number => Math.max(1, Math.floor((limit * 3) / 4))

/** Nobody is kept for longer where nothing is sent. */
const longestWaitMs = 2000

/**
 * How many may wait in one lane: where a place ails, no more than may try it at once. The others are better sent away,
 * because whoever waits keeps a worker that another cloud could use.
 */
export const longestLine = ({ failures, limit, notBefore }: Pace, now: number): number => {
  if (notBefore - now > longestWaitMs) return 0
  return failures === 0 ? Infinity : Math.floor(limit)
}
