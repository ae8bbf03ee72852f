import { parseInstant } from '../../request/instant.ts'
import type { EventType, LedgerEvent } from '../event.ts'
import { type Comparison, compared, listed, plural } from './comparison.ts'
import { undecided } from './lines.ts'

/** The main branch of an access repository, as somebody's clone has it. */
export type MergeLine = {
  readonly branch: string
  /** First parents, oldest first. */
  readonly commits: readonly string[]
  /** Those that added request files. `at`: epoch ms. */
  readonly added: readonly { readonly sha: string; readonly at: number; readonly paths: readonly string[] }[]
}

/** Every request file that reaches the branch ends in one of these; they name its path and the merge. */
const verdicts: readonly EventType[] = ['grant.intended', 'grant.scheduled', 'grant.refused']
/** And the first of these say from which commit on; `policy.loaded`, behind which: the branch is followed from there. */
const beginnings: readonly EventType[] = ['policy.loaded', 'policy.accepted', 'policy.refused']
export const mergeTypes: readonly EventType[] = [...verdicts, ...beginnings]

/**
 * Whether each request file on the branch has its event. The files of one pull request may have come in several
 * commits (a rebase), so an event counts for its own commit and for those before it.
 * @param grantWindowMs so long a verdict may take
 */
export function createMergeCheck(line: MergeLine, now: number, grantWindowMs: number) {
  const places = new Map(line.commits.map((sha, index) => [sha, index]))
  const recorded = new Map<string, number>()
  /** By place, when what lies there was first decided (epoch ms). */
  const decided = line.commits.map(() => never)
  let first = never
  let last = -1
  /** When the last event about the branch was (epoch ms). */
  let heard = -never
  /** By when each place was there: before any verdict on it or behind it. A committer's time is anybody's. */
  const arrivals = (): readonly number[] => {
    let by = never
    const newestFirst = decided.toReversed().map((at) => {
      by = Math.min(by, at)
      return by
    })
    return newestFirst.reverse()
  }
  return {
    see(event: LedgerEvent): void {
      const place = event.commit === undefined ? undefined : places.get(event.commit)
      if (place === undefined || !mergeTypes.includes(event.type)) return
      first = Math.min(first, event.type === 'policy.loaded' ? place + 1 : place)
      const at = parseInstant(event.at) ?? never
      heard = Math.max(heard, at)
      if (!verdicts.includes(event.type) || typeof event.data.path !== 'string') return
      last = Math.max(last, place)
      decided[place] = Math.min(decided[place] ?? never, at)
      recorded.set(event.data.path, Math.max(place, recorded.get(event.data.path) ?? -1))
    },
    /**
     * @param ledgerEnds a restored backup: nothing need be on record of what came later than the last verdict, or than the
     * grant window before the last event
     */
    end(ledgerEnds: boolean): Comparison & { readonly after: readonly string[] } {
      if (first === never) {
        const said = `no event names a commit of ${line.branch}: is this clone of an access repository of this ledger?`
        return { of: 'merges', outcome: 'unproven', said, details: [], after: [] }
      }
      const missing: string[] = []
      const after: string[] = []
      let waiting = 0
      let held = 0
      const cameBy = arrivals()
      for (const { sha, at, paths } of line.added) {
        const place = places.get(sha) ?? -1
        if (place < first) continue
        const came = Math.min(at, cameBy[place] ?? never)
        for (const path of paths) {
          if ((recorded.get(path) ?? -1) >= place) held += 1
          else if (ledgerEnds && (place > last || came > heard - grantWindowMs))
            after.push(`${path} (merged as ${sha.slice(0, 12)})`)
          else if (came > now - grantWindowMs) waiting += 1
          else missing.push(`${path} reached ${line.branch} with ${sha.slice(0, 12)}, and no event says so`)
        }
      }
      const rest = waiting === 0 ? '' : `, ${waiting} merged within the grant window wait for theirs`
      const good = `${plural(held, 'request')} on ${line.branch} ${held === 1 ? 'has its event' : 'each have their event'}${rest}${undecided(after.length)}`
      return { ...compared('merges', good, missing), after: listed(after) }
    },
  }
}

const never = Number.POSITIVE_INFINITY
