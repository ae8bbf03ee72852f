import type { ClaimFault } from '../claim.ts'

/** What the ledger was compared with besides itself, and what came out. */
export type Comparison = {
  readonly of:
    | 'checkpoints'
    | 'signatures'
    | 'foreign events'
    | 'anchors'
    | 'merges'
    | 'receipts'
    | 'witnesses'
    | 'earlier run'
    | 'restores'
  /**
   * `unproven`: out of reach, so that a claim the ledger makes stays a claim. `skipped`: nobody asked. `excused`: at odds
   * with the ledger, and acknowledged as lost.
   */
  readonly outcome: 'agrees' | 'fault' | 'unproven' | 'skipped' | 'excused'
  /** One line, without a full stop. */
  readonly said: string
  /** What exactly is wrong, or what stands behind the line, one by one. */
  readonly details: readonly string[]
}

/** So many are told one by one. */
const most = 10

/** `fault` with these, or `agrees` where there are none. */
export const compared = (
  of: Comparison['of'],
  good: string,
  faults: readonly string[],
  count = faults.length,
): Comparison =>
  count === 0
    ? { of, outcome: 'agrees', said: good, details: [] }
    : {
        of,
        outcome: 'fault',
        said: `${count} ${count === 1 ? 'fault' : 'faults'}`,
        details: listed(faults, count),
      }

/** The first few, and how many more. */
export const listed = (all: readonly string[], count = all.length): readonly string[] =>
  count > most ? [...all.slice(0, most), `and ${count - most} more`] : all

export const told = ({ by, size, what, expected, found }: ClaimFault): string =>
  `${by}${size === undefined ? '' : ` (${events(size)})`}: ${what}: expected ${expected}, found ${found}`

/** `1 event`, `2 events`. */
export const events = (count: number): string => plural(count, 'event')

export const plural = (count: number, noun: string, several = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : several}`
