import type { PolicyTrialReport } from '../reconcile/ports/policy-trial.ts'
import type { Fault } from '../request/fault.ts'
import type { RequestId } from '../request/request.ts'
import type { PersonFact } from './facts.ts'

/** `met` and `unmet` are certain; `waiting` needs a person; `unknown` could not be established this time. */
export type Outcome = 'met' | 'unmet' | 'waiting' | 'unknown'

/** One rule, what it needed and what it had. The same tree is shown everywhere and stored. */
export type RuleNode = {
  /** trust.md number or product word, stable: `2.7`, `eligibility`, `requirement`. */
  readonly rule: string
  readonly title: string
  readonly outcome: Outcome
  readonly needed: string
  readonly had: string
  readonly remedy?: string
  readonly children: readonly RuleNode[]
}

/**
 * `passed`: nothing is missing. `action_required`: only approvals are missing. `denied`: a rule or a person
 * said no. `not_yet`: something could not be established; never a refusal, never an approval (trust.md 3.12).
 */
export type Verdict = 'passed' | 'action_required' | 'denied' | 'not_yet'

/** A group of approvers and how many of them; met by distinct people (trust.md 4.4). */
export type Requirement = {
  readonly policy: string
  /** `group sre`, `carol or dave`, `whoever policy x allows`. */
  readonly label: string
  readonly count: number
  readonly reason: string
  /** Everyone who may meet it. */
  readonly eligible: readonly PersonFact[]
  /** Who belongs to it too, the requester aside, and may not approve what they had a part in; they may revoke it. */
  readonly barred?: readonly PersonFact[]
  /** `org/slug` when the group is a GitHub team. */
  readonly team?: string
  /** Who was assigned to it. */
  readonly metBy: readonly PersonFact[]
  /** Those of `eligible` whose latest review, by its id, counts no longer: they are asked again. */
  readonly again?: readonly { readonly id: number; readonly review: number }[]
}

/**
 * What the policies ask for, as the ledger remembers it (trust.md 1.9). Who belongs to a group is no part of it;
 * the people whom a policy names by login are, by numeric id, and so is the policy that judges reviewers itself.
 */
export type Terms = {
  readonly tier: 'auto' | 'human' | 'none'
  readonly asks: readonly string[]
  /** Whether the request met all that is asked of it by itself, its approvals included. */
  readonly met: boolean
}

export type RequestDecision = {
  readonly id: RequestId
  readonly path: string
  readonly blob: string
  readonly verdict: Verdict
  /** One sentence: why. */
  readonly summary: string
  readonly tree: RuleNode
  readonly faults: readonly Fault[]
  readonly hints: readonly string[]
  readonly tier?: 'auto' | 'human'
  readonly requirements: readonly Requirement[]
  /** undefined: the policies were not asked. */
  readonly terms?: Terms
  /** Whose latest review denied it, where a person did. */
  readonly deniedBy?: PersonFact
  /** Who approved and counted. */
  readonly approvedBy: readonly PersonFact[]
}

/** The decision on a pull request: its own rules and each request's; one failing request fails all (trust.md 3.3). */
export type Decision = {
  readonly at: number
  readonly moment: 'forecast' | 'merge' | 'start'
  readonly repository: number
  readonly pull: number
  readonly headSha: string
  readonly policyCommit?: string
  readonly verdict: Verdict
  readonly summary: string
  /** Rules of the pull request as a whole. */
  readonly tree: RuleNode
  readonly requests: readonly RequestDecision[]
  /** Of a pull request that changes `policies/`. */
  readonly policies?: PolicyDecision
  /** `team acme/sre`, `user alice`: what GitHub named for it, so that denying it later is no fact (trust.md 3.12). */
  readonly named?: readonly string[]
}

/** What a change of `policies/` would bring, and who accepts it (trust.md 1.3). */
export type PolicyDecision = {
  /** The accepted policy commit that it was compared with. */
  readonly accepted: string
  /** Reviews up to here are void: the pull request was reopened (trust.md 6.23). */
  readonly reviewsFrom?: number
  /** Tree hash of `policies/` at the head; undefined: it is gone. */
  readonly tree?: string
  /** Paths that differ from the accepted policies. */
  readonly changed: readonly string[]
  /** Those of them that lie on the branch already, without acceptance: no diff of the pull request shows them. */
  readonly strayed: readonly string[]
  readonly requirements: readonly Requirement[]
  readonly approvedBy: readonly PersonFact[]
  /** undefined: they could not be tried. */
  readonly trial?: PolicyTrialReport
}

/** The first complete verdict at the merge is final (trust.md 3.2). */
export const isFinal = ({ moment, verdict }: Decision): boolean =>
  moment !== 'forecast' && verdict !== 'not_yet'
