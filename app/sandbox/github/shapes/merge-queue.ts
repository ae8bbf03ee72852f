import type { Commit } from '../git-objects.ts'
import type { MergeGroup, MergeQueue, QueueEntry } from '../state/merge-queue.ts'
import { iso, nodeId } from './time.ts'

/** A merge group as webhooks show it. */
export function mergeGroupShape(group: MergeGroup, branch: string, head: Commit) {
  const person = ({ name, email }: { name: string; email: string }) => ({ name, email })
  return {
    head_sha: group.headSha,
    head_ref: group.ref,
    base_sha: group.baseSha,
    base_ref: `refs/heads/${branch}`,
    head_commit: {
      id: head.sha,
      tree_id: head.tree,
      message: head.message,
      timestamp: iso(head.committer.at),
      author: person(head.author),
      committer: person(head.committer),
    },
  }
}

/** A place in the queue as GraphQL's `MergeQueueEntry` shows it. */
export function queueEntryShape(queue: MergeQueue, entry: QueueEntry) {
  const group = queue.groups.find(({ members }) => members.some((each) => each.entry === entry))
  return {
    id: nodeId('MQE', entry.id),
    position: queue.entries.indexOf(entry) + 1,
    state: group ? 'AWAITING_CHECKS' : 'QUEUED',
    enqueuedAt: iso(entry.enqueuedAt),
    headCommit: group ? { oid: group.headSha } : null,
    baseCommit: group ? { oid: group.baseSha } : null,
  }
}
