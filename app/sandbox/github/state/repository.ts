import type { ObjectStore } from '../objects.ts'
import type { Line } from '../reach.ts'
import type { RefStore } from '../refs.ts'
import type { Role } from './account.ts'
import type { CheckRun, CheckSuite, Status } from './check.ts'
import type { Comment, Issue } from './issue.ts'
import type { MergeQueue, MergeQueueRule } from './merge-queue.ts'
import type { Pull } from './pull.ts'

export type Protection = {
  /** `appId` null: from whoever reports it. */
  readonly requiredChecks: readonly { readonly context: string; readonly appId: number | null }[]
  readonly strict: boolean
  readonly requiredReviews: number
  readonly dismissStale: boolean
  readonly enforceAdmins: boolean
  readonly allowForcePushes: boolean
  /** null: people merge by themselves. */
  readonly mergeQueue: MergeQueueRule | null
}

export type Activity = {
  readonly id: number
  readonly before: string
  readonly after: string
  readonly ref: string
  readonly at: number
  readonly type:
    | 'push'
    | 'force_push'
    | 'branch_creation'
    | 'branch_deletion'
    | 'pr_merge'
    | 'merge_queue_merge'
  readonly actorId: number
}

export type Repository = {
  readonly id: number
  ownerId: number
  name: string
  readonly private: boolean
  readonly defaultBranch: string
  readonly forkOf: number | null
  readonly createdAt: number
  pushedAt: number
  /** The bare repository. */
  readonly gitDir: string
  readonly objects: ObjectStore
  /** Parents of the commits read so far. */
  readonly parents: Map<string, readonly string[]>
  readonly lines: Line[]
  readonly refStore: RefStore
  /** Full ref name → object id; what the bare repository holds, so that reading a ref costs no process. */
  readonly refs: Map<string, string>
  readonly collaborators: Map<number, Role>
  readonly protections: Map<string, Protection>
  /** Branch → what waits to be merged into it. */
  readonly queues: Map<string, MergeQueue>
  lastNumber: number
  readonly issues: Map<number, Issue>
  readonly pulls: Map<number, Pull>
  readonly comments: Map<number, Comment>
  readonly checkRuns: Map<number, CheckRun>
  /** The same by their commit, oldest first. */
  readonly runsOfHead: Map<string, CheckRun[]>
  readonly checkSuites: CheckSuite[]
  readonly statuses: Status[]
  readonly activities: Activity[]
  /** Commits that GitHub itself made, and therefore signed. */
  readonly webCommits: Set<string>
  /** Runs one change to the repository after another. */
  readonly exclusively: <T>(change: () => Promise<T>) => Promise<T>
}

/** The object id of `refs/heads/<branch>`, if there is such a branch. */
export function branchSha(repository: Repository, branch: string): string | undefined {
  return repository.refs.get(`refs/heads/${branch}`)
}

/** Ends the repository's processes. */
export async function closeRepository(repository: Repository): Promise<void> {
  await Promise.all([repository.objects.close(), repository.refStore.close()])
}

/** A queue of one: each change, and what follows from it, starts when the one before has ended, however it ended. */
export function serially(afterEach: () => Promise<void>): Repository['exclusively'] {
  let last: Promise<unknown> = Promise.resolve()
  return (change) => {
    const whole = () => change().finally(afterEach)
    const result = last.then(whole, whole)
    last = result
    return result
  }
}
