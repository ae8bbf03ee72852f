import type { LedgerEvent } from '../event.ts'

/** A pull request that GitHub says was merged. `at`: RFC 3339. */
export type MergedPull = { readonly number: number; readonly at: string }

/** Which of GitHub's merged pull requests no event is about. */
export function createPullCheck(repository: number, merged: readonly MergedPull[]) {
  const seen = new Set<number>()
  let first: string | undefined
  return {
    see({ repo, pull, at }: LedgerEvent): void {
      if (repo !== repository) return
      if (first === undefined || at < first) first = at
      if (pull !== undefined) seen.add(pull)
    },
    /** Those since the ledger's first event about this repository. */
    end: () => merged.filter(({ number, at }) => first !== undefined && at >= first && !seen.has(number)),
  }
}
