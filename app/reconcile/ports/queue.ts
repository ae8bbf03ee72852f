import type { Tx } from './store.ts'

export const queues = [
  'pull-request',
  'branch',
  'grant',
  'publish',
  'merge-group',
  'anchor',
  'cloud',
] as const
export type QueueName = (typeof queues)[number]

/**
 * `<repository id>:<pull number>` for pull-request and publish, `<repository id>` for branch, the id for grant,
 * `<repository id>:<full ref>` for merge-group, the anchor repository's id for anchor,
 * the provider's name for cloud. `urgent`: since when (epoch ms) access is to be gone, or, in the queue pull-request, a
 * merge waits for its verdict or a command for its answer; it goes before what is not, the oldest first. `owed`: that was
 * tried in vain; it goes after what was not tried yet, so that the debt of a cloud that is back holds up no other cloud's
 * ends.
 */
export type WakeUp = {
  readonly queue: QueueName
  readonly key: string
  readonly urgent?: number
  readonly owed?: boolean
}

/**
 * Says *look at this*; never carries a decision. After `wake` in a transaction that commits, a worker
 * observes everything afresh at least once after that commit; wake-ups of one key are coalesced, and one
 * key is worked by one worker at a time across replicas, unless a lease was lost.
 */
export type Queue = {
  wake(wakeUps: readonly WakeUp[], tx?: Tx): Promise<void>
  /** Calls `look` for each key. A throw is a crash: the job is retried with back-off. */
  work(queue: QueueName, look: (key: string, signal: AbortSignal) => Promise<void>): Promise<void>
  /** Takes no more jobs, waits for those in flight, releases leases. */
  stop(): Promise<void>
}
