import type { Sha } from './git.ts'

/**
 * Which policies to try: `head` holds the `policies/` that a pull request proposes, `accepted` is the policy
 * commit in force, whose verdicts the proposed ones are compared with.
 */
export type PolicyTrialRequest = {
  readonly repository: number
  readonly head: Sha
  readonly accepted: Sha
}

export type PolicyTrialReport = {
  /** Faults by file, line and code; never text that the tried policies produced (trust.md 1.8). */
  readonly compiles:
    | { readonly ok: true }
    | { readonly ok: false; readonly faults: readonly PolicyTrialFault[] }
  /** The Rego tests beside the policies, those that failed by file and name. */
  readonly tests: {
    readonly passed: number
    readonly failed: readonly { readonly path: string; readonly name: string }[]
    /** There is no `opa`, and the tests are those of the accepted commit. */
    readonly notRun?: true
  }
  /** Blast radius: each request decided in the last 90 days that would have come out otherwise. */
  readonly changes: readonly PolicyTrialChange[]
  /** How many recorded decisions were replayed. */
  readonly replayed: number
  /** Those that were left out: too many, it took too long, or what they recorded cannot be read. */
  readonly notReplayed?: number
  /** No recorded request, and no sample of one, passes under the tried policies any more. */
  readonly locksOut: boolean
  /** The sandbox measures that were in force, by name. */
  readonly held: readonly string[]
}

export type PolicyTrialFault = {
  readonly path: string
  readonly line: number
  readonly column?: number
  readonly code: string
  readonly message: string
}

export type PolicyTrialChange = {
  /** The id of the request. */
  readonly request: string
  readonly path: string
  /** The requester's login. */
  readonly requester: string
  readonly before: PolicyTrialVerdict
  readonly after: PolicyTrialVerdict
  /** How many people had to approve and would have to, where that differs; the same number twice: other people. */
  readonly approvals?: { readonly before: number; readonly after: number }
}

/** `passes`: once those approve who are asked, if any are. */
export type PolicyTrialVerdict = 'passes' | 'refused'

/** The trial came to no answer: nothing is known about the policies, and nothing passes. */
export class PolicyTrialError extends Error {
  readonly code: 'no_opa' | 'timeout' | 'sandbox' | 'unavailable'
  constructor(code: PolicyTrialError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'PolicyTrialError'
    this.code = code
  }
}

/**
 * Tries proposed policies as the hostile code they may be (trust.md 1.8): compiles, tests and replays in a
 * sandboxed child, and reports verdicts and names only. Data files alone need no `opa`: where every Rego file is
 * a packaged one, the packaged wasm is replayed under the new data.
 */
export type PolicyTrial = {
  /**
   * Reads both commits from the mirror; the same two commits give the same report while the ledger says the same.
   * A report is complete: faults and failed tests are in it, not thrown.
   * @throws PolicyTrialError `no_opa` names what is missing to compile; the rest is trouble and tried again
   */
  trial(request: PolicyTrialRequest, signal: AbortSignal): Promise<PolicyTrialReport>
}
