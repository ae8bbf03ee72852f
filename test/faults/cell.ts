import type { CloudFault } from '../../app/sandbox/clouds/faults.ts'

/**
 * Of a grant's life: its cloud is asked whether it would take it, it is made, its credentials are asked for, it is looked at, and its cloud with it, something that is
 * no grant's is found beside it (`stray`), somebody has altered it (`drift`), it is revoked, what was taken away is back
 * (`regain`), or it comes to its end.
 */
export const phases = ['ask', 'give', 'use', 'look', 'stray', 'drift', 'revoke', 'regain', 'expire'] as const
export type Phase = (typeof phases)[number]

/**
 * What every life calls in a phase, in no order: `own`, what says where its place is; `all`, what is about no place in
 * particular, with what only such a call says. What is called more often is waiting.
 */
export type Calls = Readonly<
  Partial<
    Record<
      Phase,
      { readonly own?: readonly string[]; readonly all?: readonly (readonly [call: string, says: string])[] }
    >
  >
>

/** A call that a life makes: the `nth` of its name in that phase, or one about no place, whose fault is everybody's. */
export type Spot = { readonly cloud: string; readonly phase: Phase; readonly call: string } & (
  | { readonly nth: number }
  | { readonly says: string }
)

type Plan = Omit<CloudFault, 'on' | 'about' | 'after' | 'met'>

/** What befalls every grant. */
const common = ['ask', 'give', 'use', 'look'] as const
type Common = (typeof common)[number]
/** What befalls one grant and not another: one that is revoked is not looked at for what came back, and so on. */
export type Fate = Exclude<Phase, Common>

/** What others do that a comparison finds. */
export const mischiefs = ['stray', 'drift', 'regain'] as const
export type Mischief = (typeof mischiefs)[number]

const isCommon = (phase: Phase): phase is Common => common.some((one) => one === phase)
export const fateOf = ({ phase }: Spot): Fate => (isCommon(phase) ? 'revoke' : phase)
/** Whether a life of that fate comes through the phase. */
export const comesThrough = (fate: Fate, phase: Phase): boolean => isCommon(phase) || fate === phase
/** Whether somebody revokes it; the others come to their end. */
export const isRevoked = (fate: Fate): boolean => fate === 'revoke' || fate === 'regain'

/** What each call meets. Without a count until the phase is over: reads lag by 30 s. */
const faults = {
  'throttled 10 times': { answer: 'throttled', count: 10 },
  500: { answer: 'broken', count: 1 },
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

export const spotsOf = (cloud: string, calls: Calls): readonly Spot[] =>
  Object.entries(calls).flatMap(([name, { own = [], all = [] }]) => {
    const phase = name as Phase
    const before = (index: number) => own.slice(0, index).filter((call) => call === own[index]).length
    return [
      ...own.map((call, index) => ({ cloud, phase, call, nth: before(index) + 1 })),
      ...all.map(([call, says]) => ({ cloud, phase, call, says })),
    ]
  })

/** Calls that change nothing. Another's read never lags. */
const reads = /^(get|list|describe|search|inspect)|\/read$/i

/** Every call of an undisturbed life under every fault that it can meet; `spared`: faults that its cloud does not know. */
export const cellsOf = (spots: readonly Spot[], spared: readonly FaultName[] = []): readonly Cell[] =>
  spots.flatMap((spot) =>
    (Object.keys(faults) as FaultName[])
      .filter((fault) => !spared.includes(fault) && (fault !== 'stale reads' || reads.test(spot.call)))
      .map((fault) => ({ ...spot, fault })),
  )

export const nameOf = (spot: Spot & { readonly fault?: FaultName }): string =>
  [
    spot.cloud,
    `${spot.phase}: ${spot.call} ${'nth' in spot ? spot.nth : `of all ${spot.says}`.trim()}`,
    ...(spot.fault === undefined ? [] : [spot.fault]),
  ].join(', ')

/** Cells that are played at once. */
const most = 60
/** A replica needs seconds to start, and until then nobody's life goes on. */
const mostKilled = 12

/**
 * Cells that can be played at once: where the replica is killed apart from where it lives, and of faults that are
 * everybody's one in each cloud and phase, so that they do not hide each other.
 */
export const cohortsOf = (cells: readonly Cell[]): readonly (readonly Cell[])[] => {
  const [late, others] = [cells.filter(isLate), cells.filter((cell) => !isLate(cell))]
  const [killed, alive] = [others.filter(isKill), others.filter((cell) => !isKill(cell))]
  const own = chunks(
    alive.filter((cell) => !isShared(cell)),
    most,
  )
  // Who may not have something is refused, and never comes to the fault that is his own.
  const [apart, beside] = [alive.filter(isApart), alive.filter((cell) => isShared(cell) && !isApart(cell))]
  const comparing = rounds(beside.filter(isComparing))
  const acting = rounds(beside.filter((cell) => !isComparing(cell)))
  const first = own.length
  return [
    ...together(own, acting.slice(0, first), comparing.slice(0, first)),
    ...rounds(apart),
    ...together(chunks(killed.filter(not(isComparing)), mostKilled), acting.slice(first)),
    // Whoever kills the replica ends every comparison, whose next comes in ten minutes: nobody kills in it beside these.
    ...together(chunks(late, mostKilled), [
      ...comparing.slice(first),
      ...killed.filter(isComparing).map((cell) => [cell]),
    ]),
  ]
}

const not = (is: (cell: Cell) => boolean) => (cell: Cell) => !is(cell)
/** The first of each, then the second of each. */
const together = <T>(...all: readonly (readonly (readonly T[])[])[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.max(...all.map(({ length }) => length)) }, (_, at) =>
    all.flatMap((some) => some[at] ?? []),
  )

/** Twelve minutes after its revocation: nobody else may keep the clock going until then. */
const isLate = ({ phase }: Cell): boolean => phase === 'regain'
const isKill = ({ fault }: Cell): boolean => fault === 'killed'
const isShared = (cell: Cell): boolean => 'says' in cell
const isComparing = (cell: Cell): boolean => isShared(cell) && cell.phase === 'look' && cell.call !== 'token'
const isApart = (cell: Cell): boolean =>
  isShared(cell) && cell.phase === 'give' && cell.fault === 'permission withdrawn'
const chunks = <T>(all: readonly T[], size: number): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size))

/** One of each cloud and phase, then the next of each. */
const rounds = (cells: readonly Cell[]): readonly (readonly Cell[])[] => {
  const groups = [...Map.groupBy(cells, ({ cloud, phase }) => `${cloud} ${phase}`).values()]
  const longest = Math.max(0, ...groups.map(({ length }) => length))
  return Array.from({ length: longest }, (_, at) => groups.flatMap((group) => group.slice(at, at + 1)))
}
