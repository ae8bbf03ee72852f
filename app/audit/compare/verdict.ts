import { writeInstant } from '../../request/instant.ts'
import type { Verified } from '../verify.ts'
import { type Comparison, events, listed, plural } from './comparison.ts'

/** What a verification came to. */
export type Verdict = {
  readonly chain: Verified
  readonly comparisons: readonly Comparison[]
  /** Sealed after the newest anchor that was compared; undefined where none was. */
  readonly notAnchored?: { readonly count: number; readonly first: number }
  /** The newest anchor that was compared: when it was committed (epoch ms), and how old it was at the verification, or at a file's last event. */
  readonly newestAnchor?: { readonly size: number; readonly at: number; readonly ageMs: number }
  /** What somebody holds of the ledger past its end. */
  readonly lost?: {
    readonly count: number
    /** Who says so. */
    readonly by: string
    /** It is a backup: this was to be expected. */
    readonly expected: boolean
    /** What is known of it. */
    readonly known: readonly string[]
  }
  /** So many events, the first ones, are only vouched for by a signed checkpoint over them. */
  readonly notRecomputed?: number
  /** 0 it holds, 1 it does not, 3 something stayed unproven that may not, or that there are events under no checkpoint. */
  readonly exit: 0 | 1 | 3
}

export function verdictOf(found: Omit<Verdict, 'exit'> & { readonly offline: boolean }): Verdict {
  const { offline, ...said } = found
  const is = (outcome: Comparison['outcome']) => found.comparisons.some((one) => one.outcome === outcome)
  const wrong = !found.chain.ok || is('fault') || found.lost?.expected === false
  // What is out of reach may be excused. A ledger of which no checkpoint is over anything is there, and nobody's word.
  const { events, marks } = found.chain
  const unvouched = events > 0 && marks.newest === undefined && found.notRecomputed === undefined
  return { ...said, exit: wrong ? 1 : unvouched || (is('unproven') && !offline) ? 3 : 0 }
}

const age = (ms: number): string => {
  const minutes = Math.floor(ms / 60_000)
  if (minutes < 1) return 'less than a minute'
  return minutes < 120
    ? plural(minutes, 'minute')
    : minutes < 2_880
      ? `${Math.floor(minutes / 60)} hours`
      : `${Math.floor(minutes / 1_440)} days`
}

/** What was not recomputed, in a sentence. */
export const vouchedOnly = (size: number): string =>
  `Events 1 to ${size} were not recomputed: their leaves are those that the signed checkpoint of ${size} vouches for`

/** The lines that a person reads, each with whether it is good, bad or neither. */
export function verdictLines({
  chain,
  comparisons,
  notAnchored,
  newestAnchor,
  lost,
  notRecomputed,
}: Verdict): readonly { readonly text: string; readonly tone: 'good' | 'bad' | 'open' | 'plain' }[] {
  const plain = (text: string) => ({ text, tone: 'plain' as const })
  const head = chain.ok
    ? [
        {
          text: `Chain intact: ${chain.events - (notRecomputed ?? 0)} events verified`,
          tone: 'good' as const,
        },
      ]
    : [
        { text: `Chain broken at event ${chain.seq}: ${chain.what}`, tone: 'bad' as const },
        plain(`Expected ${chain.expected}`),
        plain(`Found    ${chain.found}`),
        plain(`${chain.consistentAfter} events after it are consistent with each other`),
        ...listed(chain.more.map(({ seq, what }) => `Event ${seq} besides: ${what}`)).map(plain),
      ]
  const tones = { agrees: 'good', fault: 'bad', unproven: 'open', excused: 'open', skipped: 'plain' } as const
  return [
    ...head,
    ...(notRecomputed === undefined ? [] : [plain(vouchedOnly(notRecomputed))]),
    ...(lost === undefined
      ? []
      : [
          {
            text: `${lost.expected ? 'After the backup' : 'Lost'}: ${events(lost.count)}, which ${lost.by} has seen`,
            tone: lost.expected ? ('open' as const) : ('bad' as const),
          },
          ...lost.known.map((one) => plain(`  ${one}`)),
        ]),
    ...comparisons.flatMap(({ of, outcome, said, details }) => [
      {
        text: `${of.charAt(0).toUpperCase()}${of.slice(1)}: ${outcome === 'unproven' ? 'unproven: ' : ''}${said}`,
        tone: tones[outcome],
      },
      ...details.map((one) => plain(`  ${one}`)),
    ]),
    ...(notAnchored === undefined
      ? []
      : [
          plain(
            notAnchored.count === 0
              ? 'Sealed, not anchored: none'
              : `Sealed, not anchored: ${events(notAnchored.count)}, from ${notAnchored.first} on`,
          ),
        ]),
    ...(newestAnchor === undefined
      ? []
      : [
          plain(
            `Newest anchor: over ${events(newestAnchor.size)}, of ${writeInstant(newestAnchor.at)}, ${newestAnchor.ageMs < 0 ? 'by its commit in the future' : `${age(newestAnchor.ageMs)} old`}`,
          ),
        ]),
  ]
}
