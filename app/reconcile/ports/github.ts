import type { Annotation } from '../../decision/annotations.ts'
import type { Sha } from './git.ts'

export type Account = {
  readonly id: number
  readonly login: string
  readonly type: 'User' | 'Bot' | 'Organization'
}

export type PullRequest = {
  readonly number: number
  readonly state: 'open' | 'closed'
  readonly merged: boolean
  readonly draft: boolean
  readonly author: Account
  readonly base: { readonly ref: string; readonly repository: number }
  readonly head: {
    readonly ref: string
    readonly sha: Sha /** undefined: deleted fork */
    readonly repository?: number
  }
  readonly createdAt: number
  /** By a push, a review, a comment, or any other change. */
  readonly updatedAt: number
  readonly mergedAt?: number
  readonly mergeCommit?: Sha
  readonly mergedBy?: Account
  readonly nodeId: string
}

export type ApiReview = {
  readonly id: number
  readonly reviewer?: Account
  readonly state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED' | 'PENDING'
  readonly commit?: Sha
  readonly submittedAt?: number
}

export type ApiComment = {
  readonly id: number
  readonly pull: number
  /** undefined: a deleted account. */
  readonly author?: Account
  readonly body: string
  /** Whether it was changed since it was written, as far as GitHub's whole seconds tell. */
  readonly edited: boolean
}

export type Permission = 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none'

export type CheckRun = {
  readonly headSha: Sha
  readonly externalId: string
  readonly status: 'in_progress' | 'completed'
  readonly conclusion?: 'success' | 'failure' | 'action_required' | 'neutral'
  readonly title: string
  readonly summary: string
  readonly annotations: readonly Annotation[]
}

/** A refusal of GitHub's or its silence. `retryAt`: epoch ms before which asking again is no use. */
export class GitHubError extends Error {
  readonly code:
    | 'not_found'
    | 'forbidden'
    | 'rate_limited'
    | 'conflict'
    | 'base_moved'
    | 'not_mergeable'
    | 'invalid'
    | 'unavailable'
  readonly retryAt: number | undefined
  constructor(
    code: GitHubError['code'],
    message: string,
    options: { cause?: unknown; retryAt?: number } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'GitHubError'
    this.code = code
    this.retryAt = options.retryAt
  }
}

/** People by login, teams by slug. */
export type Reviewers = { readonly users: readonly string[]; readonly teams: readonly string[] }

/**
 * People and pull requests in; checks, comments, reviewers and merges out, for one configured repository.
 * Lists are complete (every page followed, though entries move meanwhile) or the call throws `GitHubError`; of
 * `openPulls` one that moved is on the next, unless all are asked for. Writes pass one token bucket
 * per installation, shared by all replicas, and throw `rate_limited` with `retryAt` when it is empty.
 */
export type RepositoryApi = {
  /** The repository's own numeric id and full name as GitHub says now (trust.md 1.1). */
  identity(): Promise<{ readonly id: number; readonly fullName: string }>
  pull(number: number): Promise<PullRequest>
  /** @param how `whole`: nobody hides another by moving; costs twice the reads where they fill more than a page */
  openPulls(how?: 'whole'): Promise<readonly PullRequest[]>
  /** Pull requests that GitHub ties to a commit on the branch. */
  pullsOf(commit: Sha): Promise<readonly PullRequest[]>
  reviews(number: number): Promise<readonly ApiReview[]>
  /** When a pull request was opened again the last time (epoch ms), by GitHub's own list of what happened to it. */
  reopenedAt(number: number): Promise<number | undefined>
  /** Of whoever has this login now: who that is must be compared with who is meant (trust.md 6.16). */
  permission(
    login: string,
  ): Promise<{ readonly account: Account; readonly permission: Permission } | undefined>
  account(login: string): Promise<Account | undefined>
  /** `org/slug`, nested teams included. undefined: no such team, or not to be seen. */
  teamMembers(team: string): Promise<readonly Account[] | undefined>
  /** Who pushed to a branch, as far as GitHub remembers; undefined stands for a push that names nobody. */
  pushers(ref: string): Promise<readonly (Account | undefined)[]>
  /** Whether GitHub vouches for a commit's signature, and its account for author and committer. */
  commit(
    sha: Sha,
  ): Promise<{ readonly verified: boolean; readonly author?: Account; readonly committer?: Account }>

  /** Whose check of our name the branch requires: our App's, that of whoever posts one, or nobody's (trust.md 6.06c). */
  requiredCheck(branch: string): Promise<'ours' | 'anybody' | 'none'>

  createCheck(check: CheckRun): Promise<number>
  updateCheck(id: number, check: CheckRun): Promise<void>
  /** Our App's check run of that external id on a commit: what a create left whose answer was never seen. */
  findCheck(sha: Sha, externalId: string): Promise<number | undefined>
  createComment(number: number, body: string): Promise<number>
  editComment(id: number, body: string): Promise<void>
  /** The comment on a pull request that our App itself wrote, and no person through it, whose body holds `mark`. */
  findComment(number: number, mark: string): Promise<number | undefined>
  /** Comments on pull requests and issues that were written or changed since then (epoch ms). */
  commentsSince(since: number): Promise<readonly ApiComment[]>
  /** Whom GitHub asks to review now: whoever has reviewed since is asked no longer. */
  requestedReviewers(number: number): Promise<Reviewers>
  /** Asks people or teams to review; those asked already stay asked. @returns whom GitHub does not let be asked */
  askReviewers(number: number, ask: Reviewers): Promise<Reviewers>
  /**
   * Merges with the expected head, or puts into the branch's merge queue; `conflict` when the head moved,
   * `base_moved` when another merge came in between. One that waits in the queue already stays there.
   */
  merge(number: number, head: Sha): Promise<void>
  close(number: number): Promise<void>
}

/** Deliveries that GitHub was asked to send again, and those left alone for the moment: they may still be on their way. */
export type Redelivered = { readonly asked: number; readonly underWay: number }

export type GitHub = {
  /** Resolves where GitHub answers and takes our App for what it is. */
  answers(): Promise<void>
  repository(id: number): RepositoryApi
  /** Asks GitHub to send again what it recorded since `since` (epoch ms) and could not deliver. */
  redeliverMissed(since: number, known: (guid: string) => Promise<boolean>): Promise<Redelivered>
  /** Whose token this is: only user tokens of our own App count, except against the loopback sandbox (trust.md 9.1). */
  caller(token: string): Promise<Account | undefined>
}
