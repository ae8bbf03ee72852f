import type { Issue } from './issue.ts'

export type ReviewState = 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED' | 'PENDING'

export type Review = {
  readonly id: number
  readonly userId: number
  body: string
  state: ReviewState
  /** Moves to the new head when a force-push drops the commit that was reviewed. */
  commitId: string
  submittedAt: number | null
}

export type Pull = {
  readonly id: number
  readonly issue: Issue
  readonly head: { readonly repositoryId: number; readonly ref: string; sha: string }
  readonly base: { ref: string; sha: string }
  draft: boolean
  mergedAt: number | null
  mergedById: number | null
  mergeCommitSha: string | null
  /** What its merge put on the base, oldest first; a rebase puts several commits there. */
  landed: readonly string[]
  maintainerCanModify: boolean
  readonly requestedReviewers: Set<number>
  readonly requestedTeams: Set<number>
  readonly reviews: Review[]
  /** Valid for exactly this pair of commits. */
  measured: Measured | null
  /** The measurement for which `refs/pull/N/merge` was made. */
  tested: Measured | null
}

export type Measured = {
  readonly baseSha: string
  readonly headSha: string
  readonly mergeTree: string | null
  /** Whether the head contains the base. */
  readonly upToDate: boolean
  /** Commits of the head that the base has not, oldest first. */
  readonly commits: readonly string[]
  readonly additions: number
  readonly deletions: number
  readonly changedFiles: number
}
