export const REACTIONS = ['+1', '-1', 'laugh', 'hooray', 'confused', 'heart', 'rocket', 'eyes'] as const
export type ReactionContent = (typeof REACTIONS)[number]
export type Reaction = {
  readonly id: number
  readonly userId: number
  readonly content: ReactionContent
  readonly createdAt: number
}

export const STATE_REASONS = ['completed', 'not_planned', 'duplicate', 'reopened'] as const
export type StateReason = (typeof STATE_REASONS)[number]

/** An issue, and the conversation half of every pull request. */
export type Issue = {
  readonly id: number
  readonly number: number
  readonly authorId: number
  readonly createdAt: number
  title: string
  body: string | null
  state: 'open' | 'closed'
  stateReason: StateReason | null
  updatedAt: number
  closedAt: number | null
  labels: string[]
  readonly reactions: Reaction[]
  /** The App through which it was written, if any. */
  readonly appId: number | null
  /** When it was closed and opened again, oldest first. */
  readonly events: IssueEvent[]
}

export type IssueEvent = {
  readonly id: number
  readonly event: 'closed' | 'reopened'
  readonly actorId: number
  readonly createdAt: number
}

export type Comment = {
  readonly id: number
  readonly issueNumber: number
  readonly authorId: number
  readonly appId: number | null
  readonly createdAt: number
  body: string
  updatedAt: number
  readonly reactions: Reaction[]
}
