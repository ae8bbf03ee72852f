import type { Refusal } from '../grant/grantable/asked.ts'
import type { Reach } from '../grant/grantable.ts'
import type { ApprovalResult, EligibilityResult } from '../policy/result.ts'
import type { PolicyTrialReport } from '../reconcile/ports/policy-trial.ts'
import type { Fault } from '../request/fault.ts'
import type { AccessRequest, ProviderName, RequestId } from '../request/request.ts'
import type { Terms } from './decision.ts'

/** Everything `decide` may know, gathered beforehand. Nothing in here is computed by the pull request's author. */
export type Facts = {
  /** Epoch ms; recorded with the decision. */
  readonly now: number
  /** `forecast` while open; `merge` for the verdict that counts; `start` for a scheduled grant's second one. */
  readonly moment: 'forecast' | 'merge' | 'start'
  readonly repository: RepositoryFacts
  readonly pull: PullFacts
  /**
   * The accepted policy commit, or why there is none to use. `since`: when it took the place of an earlier one
   * (epoch ms); undefined for the first.
   */
  readonly policy: { readonly commit: string; readonly since?: number } | { readonly missing: string }
  /** Every path that differs between the branch and the head: the whole pull request. */
  readonly changes: readonly PathFact[]
  readonly requests: readonly RequestFacts[]
  readonly reviews: readonly ReviewFact[]
  readonly contributors: readonly Contributor[]
  /** What could not be established this time (trust.md 3.12), in words. */
  readonly troubles: readonly string[]
}

export type RepositoryFacts = {
  readonly id: number
  readonly fullName: string
  readonly branch: string
  /** The reach the configuration allows (trust.md 1.1). `*` in scopes: any. */
  readonly providers: readonly string[]
  readonly scopes: readonly string[]
  /** The least permission a reviewer needs (trust.md 2.9). */
  readonly reviewerPermission: 'write' | 'maintain' | 'admin'
  /** Epoch-ms span from the merge to its first verdict (trust.md 3.6). */
  readonly grantWindowMs: number
  /** What the configuration says of the clouds, as far as it decides what they can grant. */
  readonly clouds?: Reach
}

export type PersonFact = { readonly id: number; readonly login: string }

export type PullFacts = {
  readonly number: number
  readonly author: PersonFact
  readonly authorIsUser: boolean
  readonly base: string
  readonly headSha: string
  readonly fromFork: boolean
  readonly draft: boolean
  readonly state: 'open' | 'closed'
  /** Other open pull requests with this very head; known while open. */
  readonly sharing?: readonly number[]
  readonly merged?: {
    readonly at: number
    readonly commit: string
    /** Reachable from the configured branch now (trust.md 3.1). */
    readonly onBranch: boolean
  }
  /** Reviews up to here are void: the pull request was reopened (trust.md 6.23). */
  readonly reviewsFrom?: number
  /** When the head as it is came, by what is stored; undefined: not known. Epoch ms. */
  readonly headAt?: number
}

/** A path the pull request changes. `kind`: what the tree diff says of it. */
export type PathFact = {
  readonly path: string
  readonly kind: 'added' | 'changed' | 'deleted'
  readonly mode?: string
}

/** Anyone in trust.md 2.7 other than the requester: named, or what could not be resolved. */
export type Contributor =
  | { readonly as: ContributorRole; readonly person: PersonFact }
  | {
      readonly as: ContributorRole
      readonly unresolved: string /** What to add, and where. */
      readonly remedy: string
    }
export type ContributorRole = 'author' | 'committer' | 'co-author' | 'pusher'

export type ReviewFact = {
  readonly id: number
  /** undefined: a deleted account. */
  readonly reviewer?: PersonFact & { readonly type: 'User' | 'Bot' | 'Organization' }
  readonly state: 'approved' | 'changes_requested' | 'commented' | 'dismissed'
  readonly submittedAt: number
  /** When its payload was stored, or when it was submitted, whichever was earlier (epoch ms); undefined: not stored. */
  readonly storedAt?: number
  /** The stored, HMAC-checked payload behind it (trust.md 2.1, 2.2); undefined: not had yet. */
  readonly payload?: {
    readonly commit: string
    readonly state: 'approved' | 'changes_requested' | 'commented'
    /** It names another account than GitHub's list. */
    readonly ofAnother?: true
  }
  /** Path → blob at the payload's commit; null where nothing lies there. */
  readonly blobs: Readonly<Record<string, string | null>>
  /** The reviewer's permission, read fresh; undefined: none. */
  readonly permission?: 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none'
  /** No entry in identities has the reviewer's id. */
  readonly unlisted?: true
  /** `provider:principal` of the reviewer's identity entry. */
  readonly principals: readonly string[]
}

export type GroupFact =
  | { readonly name: string; readonly team?: string; readonly members: readonly PersonFact[] }
  | {
      readonly name: string
      readonly unknown: string
      /** It stands for a team that GitHub does not name. */
      readonly team?: string
      /** GitHub named it for the last decision, so that denying it is no fact (trust.md 3.12, 6.17). */
      readonly named?: true
    }

export type RequestFacts = {
  readonly id: RequestId
  readonly path: string
  readonly blob: string
  readonly read:
    | { readonly ok: true; readonly request: AccessRequest }
    | { readonly ok: false; readonly faults: readonly Fault[] }
  /** At the merge: the blob of this path, as a plain file, in the merge commit, and on the branch ever since. */
  readonly mergedBlob?: string | null
  readonly branchBlob?: string | null
  /** The path has been on the branch before this pull request (trust.md 3.4). */
  readonly usedUp: boolean
  /** Until it is granted: who revoked it already, and how (trust.md 6.27). */
  readonly revoked?: { readonly by: string; readonly why: string }
  /** Set once the accepted policies have changed: what was decided before (trust.md 1.9). */
  readonly precedent?: Precedent
  /** Who the file names, matched by numeric id (trust.md 6.16), or what to add where. */
  readonly requester?:
    | {
        readonly person: PersonFact
        readonly principals: readonly string[] /** In the requested provider. */
        readonly principal?: string
      }
    | { readonly unknown: string; readonly remedy: string }
  /** The role catalogue's entry, or why there is none. */
  readonly role?:
    | {
        readonly provider: ProviderName
        readonly role: string
        readonly cloudRole: string
        readonly scopes: readonly string[]
        readonly maxDurationSeconds: number
        /** Its sessions may assume further roles. */
        readonly chain?: boolean
      }
    | { readonly unknown: string; readonly remedy: string }
  /**
   * What the cloud, asked how much it still takes, would refuse; for a forecast its answer may be a minute old.
   * Undefined: it has no such limits, there was nothing to ask it, or no answer in time, which is no refusal.
   */
  readonly limits?: readonly Refusal[]
  /** What the policies said; undefined when they could not be asked because something above is missing. */
  readonly policies?: PolicyFacts
  /** Policies that two administrators have disabled, for so long (epoch ms); not asked in either. */
  readonly overridden?: readonly {
    readonly policy: string
    readonly until: number
    readonly by: readonly string[]
  }[]
  /** The same with hand-disabled policies left in (trust.md 5.4); both must pass. */
  readonly policiesToo?: PolicyFacts
}

/** What the ledger remembers of a request from before the policies in force. */
export type Precedent = {
  /** The last decision under earlier policies; undefined: there was none. */
  readonly last?: { readonly terms?: Terms }
  /** Reviews stored up to here were given under policies that asked for something else (epoch ms). */
  readonly since?: number
}

/** A pull request that changes `policies/`, beside `Facts` (trust.md 1.3). Trees are hashes of `policies/`. */
export type ProposalFacts = {
  /** At the head; null: nothing there. */
  readonly tree: string | null
  /** On the branch, or as it was before the merge; and where the pull request left it. */
  readonly branchTree: string | null
  readonly baseTree: string | null
  /** In the merge commit. */
  readonly mergedTree?: string | null
  /** The accepted policy commit is the merge or newer. */
  readonly superseded: boolean
  /** Entries at the head that are no plain files. */
  readonly odd: readonly { readonly path: string; readonly mode: string }[]
  /** As in `PolicyDecision`. */
  readonly changed: readonly string[]
  readonly strayed: readonly string[]
  readonly accepted: string
  /** Who accepts policies, by configuration; a login where one is known. */
  readonly owners: {
    readonly people: readonly { readonly id: number; readonly login?: string }[]
    readonly count: number
  }
  /** `lasting`: trying again helps only after somebody did something. */
  readonly trial: PolicyTrialReport | { readonly missing: string; readonly lasting: boolean }
}

export type PolicyFacts = {
  readonly eligibility: readonly EligibilityResult[]
  readonly approval: readonly ApprovalResult[]
  readonly hints: readonly string[]
  /** In words: teams that GitHub does not name, and whose members make a difference here (trust.md 6.17). */
  readonly missing?: readonly string[]
  /** Every group a requirement names. */
  readonly groups: readonly GroupFact[]
  /** Logins that requirements name, resolved. */
  readonly users: readonly (
    | { readonly login: string; readonly person: PersonFact }
    | { readonly login: string; readonly unknown: string }
  )[]
}
