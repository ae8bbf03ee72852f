import { canonicalBytes } from '../audit/canonical.ts'
import type { Json, LedgerEvent } from '../audit/event.ts'
import type { Decision } from '../decision/decision.ts'
import { asEarlier } from '../decision/earlier.ts'

/** Something that did not come out as recorded; `policy` and `reviewer` where it is one evaluation's. */
export type Difference = {
  /** A digest (`input`, `wasm`, `data`, `facts`, `result`), a field of the event's data, or `type`, `outcome`, `request`, `policy`; of proposed policies `merged_tree`, `modes`, `compiles`, `tests`. */
  readonly about: string
  readonly policy?: string
  readonly reviewer?: number
  readonly recorded: string
  readonly found: string
}

/**
 * `missing`: why it cannot be said whether the decision is the same. `notes`: what the answer does not show. `reworded`:
 * it is, to the last digest, what an earlier release said of it; this one says the same in other words.
 */
export type Replayed = {
  readonly differences: readonly Difference[]
  readonly reworded?: true
  readonly missing: readonly string[]
  readonly notes: readonly string[]
}

type Made = (form: Decision) => LedgerEvent['data'] | undefined

/** What an event says otherwise than this release and all before it would. */
export function sameAs(
  recorded: LedgerEvent['data'],
  decision: Decision,
  made: Made,
): Pick<Replayed, 'differences' | 'reworded'> {
  const against = (form: Decision) => {
    const data = made(form)
    return data === undefined ? [] : fieldsOf(recorded, data)
  }
  const differences = against(decision)
  if (differences.length === 0 || asEarlier(decision).every((form) => against(form).length > 0))
    return { differences }
  return { differences: [], reworded: true }
}

/** Of these a decision has its words, or holds its words among what it is made of. */
const worded: ReadonlySet<string> = new Set(['result', 'summary', 'why'])
const onlyDigest =
  'what came out, who approved and all else on record are the same; of the rules there is only a digest, which does not tell a changed rule from a changed word'

/** @param also what differs, whatever its words */
export function told({
  differences,
  reworded,
  also,
  missing = [],
  notes = [],
}: Pick<Replayed, 'differences' | 'reworded'> & {
  readonly also: readonly Difference[]
  readonly missing?: readonly string[]
  readonly notes?: readonly string[]
}): Replayed {
  const all = [...also, ...differences]
  const unclear = missing.length === 0 && all.length > 0 && all.every(({ about }) => worded.has(about))
  return {
    missing: [...new Set(missing)],
    notes: [...new Set([...notes, ...(unclear ? [onlyDigest] : [])])],
    differences: all,
    ...(reworded === undefined ? {} : { reworded }),
  }
}

/** What the event's data says otherwise than it would now; evaluations are compared one by one. */
const fieldsOf = (recorded: LedgerEvent['data'], made: LedgerEvent['data']): readonly Difference[] =>
  Object.entries(made)
    .filter(([field]) => field !== 'evidence' && field !== 'evaluations')
    // Events of earlier releases do not say what was asked for, nor who took it back.
    .filter(([field]) => !(field === 'asked' || field === 'revoked') || recorded[field] !== undefined)
    .flatMap(([about, value]) => compared({ about }, recorded[about] ?? null, value))

export const compared = (
  of: Omit<Difference, 'recorded' | 'found'>,
  was: Json,
  is: Json,
): readonly Difference[] => {
  const [recorded, found] = [textOf(was), textOf(is)]
  return recorded === found ? [] : [{ ...of, recorded, found }]
}
const textOf = (value: Json): string =>
  typeof value === 'string' ? value : Buffer.from(canonicalBytes(value)).toString('utf8')
