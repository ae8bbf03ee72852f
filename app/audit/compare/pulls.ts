import { parseInstant, writeInstant } from '../../request/instant.ts'
import type { LedgerEvent } from '../event.ts'

/** A pull request that GitHub says was merged. `at`: RFC 3339. */
export type MergedPull = { readonly number: number; readonly at: string }

/**
 * Which of GitHub's merged pull requests no event is about.
 * @param now epoch ms
 * @param grantWindowMs so long a verdict may take
 */
export function createPullCheck(
  repository: number,
  merged: readonly MergedPull[],
  now: number,
  grantWindowMs: number,
) {
  const decidedBy = writeInstant(now - grantWindowMs)
  const seen = new Set<number>()
  let first: string | undefined
  let last = ''
  return {
    see({ repo, pull, at }: LedgerEvent): void {
      if (repo !== repository) return
      if (first === undefined || at < first) first = at
      if (at > last) last = at
      if (pull !== undefined) seen.add(pull)
    },
    /**
     * Of those since the ledger's first event about this repository, undefined where it has none: how many have an
     * event or are `unknown`, how many may still get theirs, and those that need not have one: they came `after`.
     * @param ledgerEnds a restored backup: nothing need be on record of what came later than the grant window before its
     * last word on this repository
     */
    end(ledgerEnds: boolean) {
      if (first === undefined) return undefined
      const from = first
      const settledBy = writeInstant((parseInstant(last) ?? now) - grantWindowMs)
      const since = merged.filter(({ at }) => at >= from)
      const open = Map.groupBy(
        since.filter(({ number }) => !seen.has(number)),
        ({ at }) => {
          if (ledgerEnds && at > settledBy) return 'after'
          return at > decidedBy ? 'waiting' : 'unknown'
        },
      )
      const [after = [], waiting = [], unknown = []] = (['after', 'waiting', 'unknown'] as const).map((one) =>
        open.get(one),
      )
      const compared = since.length - after.length - waiting.length
      return { compared, waiting: waiting.length, unknown, after }
    },
  }
}
