import type { Pull } from './pull.ts'

/** The branch rule *Require merge queue*. */
export type MergeQueueRule = {
  readonly method: 'merge' | 'squash' | 'rebase'
  /** How many entries one group takes at most. */
  readonly groupSize: number
  /** A group is made as soon as this many wait. */
  readonly minimum: number
}

export type QueueEntry = {
  readonly id: number
  readonly pull: Pull
  /** The head that was enqueued; another one leaves the queue. */
  readonly headSha: string
  readonly enqueuerId: number
  readonly enqueuedAt: number
}

/** Entries on a branch of their own, on top of the base or of the group before. */
export type MergeGroup = {
  readonly members: readonly {
    readonly entry: QueueEntry
    /** What its merge puts on the base, oldest first. */
    readonly commits: readonly string[]
  }[]
  readonly ref: string
  readonly baseSha: string
  readonly headSha: string
}

/** What waits to be merged into one branch, in this order. */
export type MergeQueue = { readonly entries: QueueEntry[]; readonly groups: MergeGroup[] }
