import type { Directory } from '../../identity/directory.ts'
import type { ApprovalResult, EligibilityResult } from '../../policy/result.ts'
import type { AccessRequest, RequestId } from '../../request/request.ts'

/** A person as a policy sees one. */
export type PolicyUser = {
  readonly id: number
  readonly login: string
  readonly email: string
  readonly groups: readonly string[]
  readonly trustTier: number
}

/** Another grant of the requester's; foreign ones (other repositories) come without reason and metadata. */
export type GrantContext = {
  readonly id: string
  readonly repository: string
  readonly provider: string
  readonly role: string
  readonly scope: string
  readonly state: string
  readonly startsAt: number
  readonly endsAt: number
  readonly reason?: string
  readonly metadata?: Readonly<Record<string, string>>
}

export type PolicyQuestion = {
  readonly requester: PolicyUser
  readonly author: PolicyUser
  readonly request: AccessRequest & { readonly id: RequestId }
  /** Epoch ms: the decision's recorded time, which `time.*` built-ins answer too. */
  readonly now: number
  readonly repository: string
  readonly pull: number
  readonly activeGrants: readonly GrantContext[]
  readonly queuedGrants: readonly GrantContext[]
  /** People whose approvals might count, for policies that are asked per reviewer. */
  readonly reviewers: readonly PolicyUser[]
}

export type Evidence = { readonly digest: string; readonly bytes: Uint8Array }

export type PolicyAnswer = {
  readonly eligibility: readonly EligibilityResult[]
  readonly approval: readonly ApprovalResult[]
  /** "30m would pass", …; empty when eligible. Never part of the verdict. */
  readonly hints: readonly string[]
  /** RFC 8785 bytes of every input evaluated, to be stored with the decision's event. */
  readonly evidence: readonly Evidence[]
}

/** The policies of one accepted commit, ready to be asked. */
export type PolicySet = {
  readonly commit: string
  readonly directory: Directory
  readonly policies: readonly {
    readonly name: string
    readonly type: 'eligibility' | 'approval'
    readonly wasm: string
  }[]
  /** SHA-256 hex of the RFC 8785 bytes of identities, roles and groups. */
  readonly dataDigest: string
  /** Never throws for what a policy does: its failures are in the answer. `without`: policies overridden. */
  ask(
    question: PolicyQuestion,
    options?: { readonly without?: readonly string[]; readonly hints?: boolean },
  ): Promise<PolicyAnswer>
}

/** Files below `policies/` at a commit, path → bytes. Throws `PolicyLoadError` with every fault. */
export type LoadPolicies = (commit: string, files: ReadonlyMap<string, Uint8Array>) => Promise<PolicySet>
