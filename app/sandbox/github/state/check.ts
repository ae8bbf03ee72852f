/** Those that an App may give; `stale` is GitHub's own. */
export const CONCLUSIONS = [
  'success',
  'failure',
  'neutral',
  'cancelled',
  'timed_out',
  'action_required',
  'skipped',
] as const
export type Conclusion = (typeof CONCLUSIONS)[number]

export type Annotation = {
  readonly path: string
  readonly start_line: number
  readonly end_line: number
  readonly start_column: number | null
  readonly end_column: number | null
  readonly annotation_level: string
  readonly title: string | null
  readonly message: string
  readonly raw_details: string | null
}

export type CheckRun = {
  readonly id: number
  readonly appId: number
  readonly headSha: string
  name: string
  externalId: string
  detailsUrl: string
  status: 'queued' | 'in_progress' | 'completed'
  conclusion: Conclusion | null
  startedAt: number
  completedAt: number | null
  title: string | null
  summary: string | null
  text: string | null
  readonly annotations: Annotation[]
}

/** All check runs of one App on one commit. */
export type CheckSuite = {
  readonly id: number
  readonly appId: number
  readonly headSha: string
  /** What its branch held before the push that asked for it; null where none did. */
  readonly before: string | null
  readonly createdAt: number
}

export type Status = {
  readonly id: number
  readonly sha: string
  readonly creatorId: number
  readonly state: 'error' | 'failure' | 'pending' | 'success'
  readonly context: string
  readonly description: string | null
  readonly targetUrl: string | null
  readonly createdAt: number
}
