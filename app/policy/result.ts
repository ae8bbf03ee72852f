/** Digests (lower-case hex SHA-256) that let one evaluation be replayed. */
export type EvaluationDigests = { readonly input: string; readonly wasm: string; readonly data: string }

/**
 * How an evaluation failed. `error` is complete and deterministic (a Rego error, a wrong shape, the
 * memory cap): it refuses. `trouble` (time limit, dead worker, no compiler) is no verdict: it is tried again.
 */
export type EvaluationFailure = { readonly kind: 'error' | 'trouble'; readonly why: string }

export type EligibilityValue = {
  readonly kind: 'value'
  readonly allow: boolean
  readonly reason: string
  readonly deny: readonly string[]
  readonly allowBreakGlass: boolean
  readonly allowOnBehalfOf: boolean
}

export type RequiredEntry =
  | { readonly group: string; readonly count: number; readonly reason: string }
  | { readonly users: readonly string[]; readonly count: number; readonly reason: string }

export type ApprovalValue = {
  readonly kind: 'value'
  readonly applies: boolean
  /** As the policy wrote it; `human` when undefined. An unknown word refuses in the fold. */
  readonly tier: string
  readonly required?: readonly RequiredEntry[]
  readonly approverGroup?: string
  readonly deny: readonly string[]
}

/** What a policy said of one reviewer, evaluated with that reviewer as `input.user`. */
export type ReviewerResult = {
  readonly reviewerId: number
  /** So that whoever the policy allows can be asked by name. */
  readonly login?: string
  readonly digests: EvaluationDigests
  readonly outcome: { readonly kind: 'value'; readonly allow: boolean } | EvaluationFailure
}

export type EligibilityResult = {
  readonly policy: string
  readonly digests: EvaluationDigests
  readonly outcome: EligibilityValue | EvaluationFailure
}

export type ApprovalResult = {
  readonly policy: string
  readonly digests: EvaluationDigests
  readonly outcome: ApprovalValue | EvaluationFailure
  /** One per candidate reviewer, only for a policy that names neither `required` nor `approver_group`. */
  readonly reviewers: readonly ReviewerResult[]
}
