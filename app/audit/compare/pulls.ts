import type { LedgerEvent } from '../event.ts'

/** A pull request that GitHub says was merged. `at`: RFC 3339. */
export type MergedPull = { readonly number: number; readonly at: string }

/**
 * Which of GitHub's merged pull requests no event is about.
 * @param decidedBy RFC 3339; what was merged later may not have its verdict yet
 */
export function createPullCheck(repository: number, merged: readonly MergedPull[], decidedBy: string) {
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
     * event or are `unknown`, how many may still get theirs, and those that came `after` the ledger's end.
     * @param ledgerEnds nothing can be on record of what came after: a restored backup
     */
    end(ledgerEnds: boolean) {
      if (first === undefined) return undefined
      const from = first
      const since = merged.filter(({ at }) => at >= from)
      const open = Map.groupBy(
        since.filter(({ number }) => !seen.has(number)),
        ({ at }) => {
          if (ledgerEnds && at > last) return 'after'
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
