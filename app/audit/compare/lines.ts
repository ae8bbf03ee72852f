import type { Claim, ClaimFault } from '../claim.ts'
import { foreignRows } from '../foreign.ts'
import type { NoteKey } from '../note.ts'
import { isHeld } from '../rotation.ts'
import type { Verified } from '../verify.ts'
import type { Anchors } from './anchors.ts'
import { type Comparison, compared, listed, plural, told } from './comparison.ts'
import type { Verdict } from './verdict.ts'

type Keys = readonly NoteKey[] | undefined

export const skipped = (of: Comparison['of'], said: string): Comparison => ({
  of,
  outcome: 'skipped',
  said,
  details: [],
})

const unproven = (of: Comparison['of'], said: string): Comparison => ({
  of,
  outcome: 'unproven',
  said,
  details: [],
})

/** What the stored checkpoints came to. @param start the signed one that it began at, if so */
export function compareCheckpoints(
  { marks }: Verified,
  given: Keys,
  faults: readonly string[],
  start: Pick<Claim, 'size'> | undefined,
): Comparison {
  const { checkpoints, newest } = marks
  if (faults.length > 0) return compared('checkpoints', '', faults)
  if (newest === undefined && start !== undefined)
    return compared('checkpoints', `none is newer than that of ${start.size} events, at which it began`, [])
  if (newest === undefined) return unproven('checkpoints', 'there is none that vouches for these events')
  const said = `${plural(checkpoints, 'checkpoint')} agree, the newest over ${newest.size} events`
  return given === undefined
    ? unproven('checkpoints', `${said}, but no key is known that says who signed them (--key)`)
    : compared('checkpoints', said, [])
}

/** Rotations that lead from no trusted key to theirs: somebody wrote them. */
export const unheld = (rotations: readonly string[], keys: Keys): readonly string[] =>
  keys === undefined
    ? []
    : rotations
        .filter((note) => !isHeld(note, keys))
        .map(() => 'a stored rotation leads from no trusted key to its own')

/** What the signatures of events came to; nothing where there is none, or no key. */
export function compareSignatures({ marks: { signatures } }: Verified, keys: Keys): readonly Comparison[] {
  if (keys === undefined || signatures === 0) return []
  return [compared('signatures', `those of ${plural(signatures, 'event')} hold`, [])]
}

/** What is on record as not gitsudo's; nothing where there is none. */
export const compareForeign = ({ marks: { foreign } }: Verified): readonly Comparison[] =>
  foreign.length === 0 ? [] : [compared('foreign events', '', foreignFaults(foreign))]

export const foreignFaults = (foreign: Verified['marks']['foreign']): readonly string[] =>
  foreign.map((one) => `${foreignRows(one)}: not sealed by gitsudo, as event ${one.seq} says`)

/**
 * What checkpoints that somebody holds came to.
 * @param held without those of what was lost
 * @param size so many events are verified: what is over more was not compared
 */
export function compareHeld(
  of: 'witnesses' | 'earlier run',
  held: readonly Claim[],
  size: number,
  good: (agreeing: number) => string,
  faults: readonly string[],
): Comparison {
  const agreeing = held.filter((claim) => claim.size <= size).length
  const rest = notReached(held.length - agreeing)
  if (agreeing === 0 && faults.length === 0)
    return skipped(of, rest || 'nothing to compare: what is held is of what was lost')
  return compared(of, `${good(agreeing)}${rest && `; ${rest}`}`, faults)
}

const notReached = (count: number): string =>
  count === 0 ? '' : `${count} over more events than are verified not compared`

/** What the anchor branch came to. @param standing its checkpoints, without those of what was lost */
export function compareAnchors(
  clones: number,
  anchors: Anchors | undefined,
  faults: readonly string[],
  size: number,
  { fresh, elsewhere }: { readonly fresh: number; readonly elsewhere: number },
  standing: readonly Claim[],
): Comparison {
  if (anchors === undefined)
    return unproven(
      'anchors',
      clones === 0
        ? 'no clone of the anchor repository was given (--repository)'
        : 'no clone that was given has the branch gitsudo-ledger',
    )
  const agreeing = standing.filter((claim) => claim.size <= size).length
  const newest = standing.reduce((most, claim) => Math.max(most, claim.size), 0)
  const rest = [
    fresh === 0 ? '' : `${fresh} of the last minutes are not in the clone yet`,
    notReached(standing.length - agreeing),
  ].map((one) => one && `; ${one}`)
  const commits = plural(anchors.places.size - (anchors.claims.length - standing.length), 'commit')
  const good = `${commits} of gitsudo-ledger agree, ${plural(agreeing, 'checkpoint')} of this ledger, the newest over ${newest} events${rest.join('')}`
  if (elsewhere > 0 && faults.length === 0)
    return unproven(
      'anchors',
      `${good}; ${elsewhere} in a repository that the ledger was anchored in before are in no clone that was given (--repository)`,
    )
  return compared('anchors', good, faults)
}

/** What somebody holds of the ledger past its end. @param beyond claims of more events than it has */
export function lossOf(
  events: number,
  beyond: readonly Claim[],
  heard: { readonly after: readonly string[]; readonly receipt: number },
  expected: boolean,
): Verdict['lost'] | undefined {
  const furthest = beyond.toSorted((a, b) => b.size - a.size)[0]
  const size = Math.max(furthest?.size ?? 0, heard.receipt)
  if (size <= events) return undefined
  return {
    count: size - events,
    by: size === furthest?.size ? furthest.by : 'a receipt in a pull request',
    expected,
    known: [...listed(beyond.map((claim) => `${claim.by}: over ${claim.size} events`)), ...heard.after],
  }
}

/** Faults of one kind of claim, without those that were to be expected. */
export const faultsOf = (
  faults: readonly ClaimFault[],
  of: Claim['of'],
  isExpected: (fault: ClaimFault) => boolean,
): readonly string[] => faults.filter((fault) => fault.of === of && !isExpected(fault)).map(told)

/** How many merges a backup need not know of. */
export const undecided = (count: number): string => (count === 0 ? '' : `, ${count} ${notDecided}`)

/** These one by one: where nobody holds more of the ledger than there is, no loss tells of them. */
export const withUndecided = ({
  after = [],
  ...line
}: Comparison & { readonly after?: readonly string[] }): Comparison => ({
  ...line,
  details: [...line.details, ...after.map((one) => `${notDecided}: ${one}`)],
})

const notDecided = 'not decided when the backup was made'
