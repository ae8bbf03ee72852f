import type { Sha } from './git.ts'
import type { Account } from './github.ts'

/**
 * What stored webhook bodies say, read from the signed bytes alone (trust.md 2.10).
 * Each reader answers undefined for a body that is not of its kind.
 */
export type Payloads = {
  review(body: Uint8Array): ReviewPayload | undefined
  pullRequest(body: Uint8Array): PullRequestPayload | undefined
  push(body: Uint8Array): PushPayload | undefined
  comment(body: Uint8Array): CommentPayload | undefined
  mergeGroup(body: Uint8Array): MergeGroupPayload | undefined
}
/** What a merge queue wants to merge together: `ref` holds `head`, which stands on `base` and would go `into` a branch. */
export type MergeGroupPayload = {
  readonly action: string
  /** Full refs. */
  readonly ref: string
  readonly into: string
  readonly head: Sha
  readonly base: Sha
}
export type ReviewPayload = {
  readonly action: string
  readonly reviewId: number
  readonly commit: Sha
  readonly state: 'approved' | 'changes_requested' | 'commented' | 'dismissed'
  readonly reviewer?: Account
  readonly submittedAt: number
}
export type PullRequestPayload = {
  readonly action: string
  readonly number: number
  readonly headSha: Sha
  /** `sha`: what it held when the pull request was opened; of later payloads it says nothing (trust.md 1.5). */
  readonly base: { readonly ref: string; readonly sha: Sha }
  readonly sender: Account
  /** Epoch ms of the change the payload reports. */
  readonly updatedAt: number
}
export type PushPayload = {
  readonly ref: string
  readonly before: Sha
  readonly after: Sha
  /** undefined: nobody GitHub names, as with a deploy key. */
  readonly sender?: Account
}
export type CommentPayload = {
  readonly action: string
  readonly commentId: number
  readonly body: string
  readonly author: Account
  readonly createdAt: number
}
