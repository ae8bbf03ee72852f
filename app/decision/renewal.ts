import type { RuleNode, Terms } from './decision.ts'
import type { Facts, Precedent, RequestFacts } from './facts.ts'
import { byText } from './order.ts'
import type { FoldedApproval } from './requirements.ts'
import { type Subject, voicesOn } from './reviews.ts'
import { awaited, rule } from './rule.ts'

/** What is asked for, of whomever. */
export type Asked = Omit<Terms, 'met'>

/** One decision on a request as the ledger recorded it. */
export type Recorded = { readonly commit: string; readonly terms?: Terms }

export const termsOf = ({ tier, requirements }: FoldedApproval): Asked => ({
  tier: tier ?? 'none',
  asks: requirements.map(({ asks }) => asks).sort(byText),
})

/**
 * What went before the policies in force, from a request's recorded decisions, oldest first (trust.md 1.9).
 * @param loadedAt when the policies of a commit were loaded; undefined: nothing says so
 */
export const precedentOf = (
  records: readonly Recorded[],
  inForce: string,
  loadedAt: (commit: string) => number | undefined,
): Precedent => {
  let since: number | undefined
  let before: Recorded | undefined
  for (const record of records) {
    if (before !== undefined && before.commit !== record.commit && !same(before.terms, record.terms))
      since = latest(since, loadedAt(record.commit))
    before = record
  }
  const last = records.findLast(({ commit }) => commit !== inForce)
  return {
    ...(last === undefined ? {} : { last: last.terms === undefined ? {} : { terms: last.terms } }),
    ...(since === undefined ? {} : { since }),
  }
}

/** Approvals stored up to here do not count: the policies asked for something else then (trust.md 1.9). Epoch ms. */
export const voidUpTo = (
  { policy }: Facts,
  { precedent }: RequestFacts,
  asked: Asked,
): number | undefined => {
  if (precedent === undefined || !('commit' in policy)) return undefined
  return same(precedent.last?.terms, asked) ? precedent.since : latest(precedent.since, policy.since)
}

/**
 * Accepting policies never turns a waiting request into an approved one: what did not pass before, or needed
 * people and now needs none, passes only after a push or a review that came since (trust.md 1.9).
 * @param met whether everything that the approval policies ask for is there
 */
export const renewal = (
  facts: Facts,
  request: RequestFacts & Subject,
  asked: Asked,
  met: boolean,
): readonly RuleNode[] => {
  const { policy, pull, moment } = facts
  const { precedent } = request
  if (precedent === undefined || !('commit' in policy) || policy.since === undefined || !met) return []
  const { since } = policy
  const before = precedent.last?.terms
  const fell = asked.tier === 'auto' && before?.tier !== 'auto'
  if (before?.met === true && !fell) return []
  const known = facts.contributors.every((one) => 'person' in one)
  const reviewed =
    known &&
    voicesOn(facts, request).voices.some(({ says, storedAt = 0 }) => says === 'approves' && storedAt > since)
  if (reviewed || (pull.headAt ?? 0) > since) return []
  return [
    rule(
      '1.9',
      'Something new since the policies changed',
      awaited(moment),
      'a push or an approval since the policies changed',
      'nothing came since the policies changed, and a change of policies approves nothing',
      { remedy: 'push again, or ask somebody with write permission to approve' },
    ),
  ]
}

const same = (a: Asked | undefined, b: Asked | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.tier === b.tier &&
  a.asks.length === b.asks.length &&
  a.asks.every((one, index) => one === b.asks[index])

const latest = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
