import type { LedgerEvent } from '../audit/event.ts'
import { parseInstant } from '../request/instant.ts'

/** What the ledger says of one repository's policies. */
export type PolicyLedger = {
  /** The accepted policy commit (trust.md 1.3). */
  readonly accepted: string
  /** The commit loaded last, and when each was, the last time (epoch ms). */
  readonly lastLoaded?: string
  readonly loadedAt: ReadonlyMap<string, number>
  /** Final verdicts on what reached the branch, oldest first. */
  readonly verdicts: readonly PolicyVerdict[]
}
export type PolicyVerdict = {
  readonly accepted: boolean
  readonly commit: string
  /** undefined: no pull request brought it. */
  readonly pull?: number
  readonly why: string
}

/**
 * Follows the accepted commits from the configured first one: each names the one whose place it took, so that an
 * event that is replayed, or came too late, replaces nothing newer.
 * @param events of this repository, their signatures verified, oldest first
 */
export const foldPolicyLedger = (first: string, events: readonly LedgerEvent[]): PolicyLedger => {
  let accepted = first
  let last: { readonly commit: string; readonly at: number } | undefined
  const loadedAt = new Map<string, number>()
  const verdicts: PolicyVerdict[] = []
  for (const { type, at: time, commit, pull, data } of events) {
    const at = parseInstant(time)
    if (commit === undefined || at === undefined) continue
    // What took nobody's place was overtaken, and is decided again.
    if (type === 'policy.accepted' && data.previous !== accepted) continue
    if (type === 'policy.accepted') accepted = commit
    if (type === 'policy.loaded' && !((loadedAt.get(commit) ?? 0) > at)) {
      loadedAt.set(commit, at)
      if (last === undefined || at >= last.at) last = { commit, at }
    }
    if (type === 'policy.accepted' || type === 'policy.refused') {
      verdicts.push({
        accepted: type === 'policy.accepted',
        commit,
        ...(pull === undefined ? {} : { pull }),
        why: String(data.why ?? ''),
      })
    }
  }
  return { accepted, ...(last === undefined ? {} : { lastLoaded: last.commit }), loadedAt, verdicts }
}
