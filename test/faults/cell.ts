import type { CloudFault } from '../../app/sandbox/clouds/faults.ts'

/** How a grant ends. */
export type Ending = 'revoked' | 'expired'
/** While it is made, while its credentials are asked for, while it is taken away. */
export type Phase = 'give' | 'use' | 'take'

/** A call that a grant's life makes: the `nth` of its name in that phase; `of` tells calls of one name apart. */
export type Spot = {
  readonly cloud: string
  readonly ending: Ending
  readonly phase: Phase
  readonly call: string
  readonly nth: number
  /** It is about no grant in particular, and its fault is everybody's. */
  readonly shared: boolean
  readonly of?: string
}

type Plan = Omit<CloudFault, 'on' | 'about' | 'after' | 'met'>

/** What each call meets. Without a count until the phase is over: reads lag by 30 s. */
const faults = {
  'throttled 10 times': { answer: 'throttled', count: 10 },
  500: { answer: 'unavailable', count: 1 },
  'no answer': { answer: 'hang', count: 1 },
  'reset after it was done': { answer: 'reset', count: 1 },
  'stale reads': { answer: 'stale' },
  // More often than it is believed to be for a moment (patience).
  'permission withdrawn': { answer: 'forbidden', count: 6 },
  'credentials expired': { answer: 'expired', count: 3 },
  /** The replica is killed as the call arrives, before it is carried out. */
  killed: { answer: 'hang', count: 1 },
} satisfies Readonly<Record<string, Plan>>

export type FaultName = keyof typeof faults
export type Cell = Spot & { readonly fault: FaultName }

export const planOf = ({ fault }: Cell): Plan => faults[fault]

/** The matrix: every call of an undisturbed life under every fault. */
export const cellsOf = (spots: readonly Spot[]): readonly Cell[] =>
  spots.flatMap((spot) => (Object.keys(faults) as FaultName[]).map((fault) => ({ ...spot, fault })))

export const nameOf = ({ cloud, ending, phase, call, of = '', nth, shared, fault }: Cell): string =>
  `${cloud}, ${ending}, ${phase}: ${call}${of} ${shared ? 'of all' : nth}: ${fault}`

/** Cells that are played at once. */
const most = 60
/** A replica needs seconds to start, and until then nobody's life goes on. */
const mostKilled = 12

/**
 * Cells that can be played at once: where the replica is killed apart from where it lives, and of faults that are
 * everybody's one in each cloud, so that they do not hide each other.
 */
export const cohortsOf = (cells: readonly Cell[]): readonly (readonly Cell[])[] => {
  const own = cells.filter(({ shared }) => !shared)
  const [killed, alive] = [own.filter(isKill), own.filter((cell) => !isKill(cell))]
  const shared = Map.groupBy(
    cells.filter((cell) => cell.shared),
    ({ cloud }) => cloud,
  )
  const rounds = Math.max(0, ...[...shared.values()].map(({ length }) => length))
  return [
    ...chunks(alive, most),
    ...chunks(killed, mostKilled),
    ...Array.from({ length: rounds }, (_, round) =>
      [...shared.values()].flatMap((ones) => ones.slice(round, round + 1)),
    ),
  ]
}

const isKill = ({ fault }: Cell): boolean => fault === 'killed'
const chunks = <T>(all: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size))
