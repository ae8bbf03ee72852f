import { invalid } from '../errors.ts'
import { readCommit } from '../git-objects.ts'
import { mergeGroupShape } from '../shapes/merge-queue.ts'
import type { MergeGroup, MergeQueue, QueueEntry } from '../state/merge-queue.ts'
import type { Pull } from '../state/pull.ts'
import { branchSha, type Protection, type Repository } from '../state/repository.ts'
import type { World } from '../state/world.ts'
import { announce } from './announce.ts'
import { measurePair, measurePull } from './measure.ts'
import { commitsOfMerge } from './merge.ts'
import { checksOn, protectionUnmet } from './protection.ts'
import { announcePull, markMerged } from './pull.ts'
import { moveRef } from './ref.ts'

/** Why a pull request left the queue, as `pull_request` `dequeued` names it. */
type Left = 'MANUAL' | 'MERGE' | 'MERGE_CONFLICT' | 'CI_FAILURE' | 'BRANCH_PROTECTIONS' | 'ALREADY_MERGED'

/** The queue of a branch that has one; made when first asked for. */
export function queueOf(repository: Repository, branch: string): MergeQueue {
  const queue = repository.queues.get(branch) ?? { entries: [], groups: [] }
  repository.queues.set(branch, queue)
  return queue
}

/**
 * Puts the pull request at the queue's end. Call it within `repository.exclusively`, after which the queue moves on.
 * `expectedHead` null: whatever the head is.
 */
export async function enqueuePull(
  world: World,
  repository: Repository,
  pull: Pull,
  order: { readonly actorId: number; readonly expectedHead: string | null },
): Promise<QueueEntry> {
  if (!repository.protections.get(pull.base.ref)?.mergeQueue)
    throw invalid('Merge queue is not enabled for this branch')
  if (order.expectedHead !== null && order.expectedHead !== pull.head.sha)
    throw invalid('Head branch was modified. Review and try the merge again.')
  const queue = queueOf(repository, pull.base.ref)
  if (queue.entries.some((entry) => entry.pull === pull))
    throw invalid('Pull request is already in the queue')
  if (pull.issue.state === 'closed' || pull.draft) throw invalid('Pull request is not mergeable')
  const measured = await measurePull(repository, pull)
  const unmet = protectionUnmet(world, repository, pull)
  if (unmet !== null) throw invalid(`Pull request ${unmet}`)
  if (measured?.mergeTree == null) throw invalid('Pull request is not mergeable')
  const entry: QueueEntry = {
    id: world.nextId(),
    pull,
    headSha: pull.head.sha,
    enqueuerId: order.actorId,
    enqueuedAt: world.clock.now(),
  }
  queue.entries.push(entry)
  await announcePull(world, repository, pull, order.actorId, 'enqueued')
  return entry
}

/** Takes the pull request out of the queue, if it is in one; its group falls, and those behind it. */
export async function dequeuePull(
  world: World,
  repository: Repository,
  pull: Pull,
  actorId: number,
): Promise<QueueEntry | undefined> {
  const queue = queueOf(repository, pull.base.ref)
  const entry = queue.entries.find((each) => each.pull === pull)
  if (entry) await leave(world, repository, queue, entry, 'MANUAL', actorId)
  return entry
}

/** Lets every queue of the repository do what it can do now. Call it within `repository.exclusively`. */
export async function moveQueues(world: World, repository: Repository): Promise<void> {
  for (const [branch, queue] of repository.queues) {
    const protection = repository.protections.get(branch)
    for (let moved = queue.entries.length + queue.groups.length > 0; moved; ) {
      await dropLost(world, repository, branch, queue, protection)
      await dropStale(world, repository, branch, queue)
      if (!protection?.mergeQueue) break
      await group(world, repository, branch, queue, protection)
      moved = await settleFirst(world, repository, branch, queue, protection)
    }
  }
}

/** A check may be what a group waited for. */
export async function checkReported(repository: Repository): Promise<void> {
  if (repository.queues.size > 0) await repository.exclusively(() => Promise.resolve())
}

async function leave(
  world: World,
  repository: Repository,
  queue: MergeQueue,
  entry: QueueEntry,
  reason: Left,
  actorId: number,
): Promise<void> {
  queue.entries.splice(queue.entries.indexOf(entry), 1)
  await announcePull(world, repository, entry.pull, actorId, 'dequeued', { reason })
}

/** Entries whose pull request was closed, merged, pushed to, retargeted or made a draft. */
async function dropLost(
  world: World,
  repository: Repository,
  branch: string,
  queue: MergeQueue,
  protection: Protection | undefined,
): Promise<void> {
  for (const entry of [...queue.entries]) {
    const { pull } = entry
    const same = pull.head.sha === entry.headSha && pull.base.ref === branch && !pull.draft
    if (same && pull.issue.state === 'open' && protection?.mergeQueue) continue
    const reason =
      pull.mergedAt !== null ? 'ALREADY_MERGED' : protection?.mergeQueue ? 'MANUAL' : 'BRANCH_PROTECTIONS'
    await leave(world, repository, queue, entry, reason, world.mergeQueueBot.id)
  }
}

/** Groups with a member that left, or that stand on something else than the base or the group before. */
async function dropStale(
  world: World,
  repository: Repository,
  branch: string,
  queue: MergeQueue,
): Promise<void> {
  let below = branchSha(repository, branch)
  for (const [index, each] of queue.groups.entries()) {
    const whole = each.members.every(({ entry }) => queue.entries.includes(entry))
    if (whole && each.baseSha === below) {
      below = each.headSha
      continue
    }
    for (const [at, stale] of queue.groups.splice(index).entries())
      await destroy(world, repository, branch, stale, at === 0 && !whole ? 'dequeued' : 'invalidated')
    return
  }
}

/** Makes groups of what waits, each on top of the one before. */
async function group(
  world: World,
  repository: Repository,
  branch: string,
  queue: MergeQueue,
  protection: Protection,
): Promise<void> {
  const rule = protection.mergeQueue
  if (!rule) return
  for (;;) {
    const grouped = new Set(
      queue.groups.flatMap(({ members }) => members.map(({ entry }) => entry.pull.issue.number)),
    )
    const waiting = queue.entries.filter(({ pull }) => !grouped.has(pull.issue.number))
    if (waiting.length === 0 || waiting.length < rule.minimum) return
    const baseSha = queue.groups.at(-1)?.headSha ?? branchSha(repository, branch)
    if (baseSha === undefined) return
    const members: MergeGroup['members'][number][] = []
    let headSha = baseSha
    for (const entry of waiting.slice(0, rule.groupSize)) {
      const measured = await measurePair(repository, headSha, entry.headSha)
      if (measured.mergeTree === null) {
        await leave(world, repository, queue, entry, 'MERGE_CONFLICT', world.mergeQueueBot.id)
        continue
      }
      const order = { method: rule.method, title: null, message: null, actorId: entry.enqueuerId }
      const commits = await commitsOfMerge(world, repository, entry.pull, order, headSha, measured)
      headSha = commits.at(-1) ?? headSha
      if (rule.method !== 'rebase') repository.webCommits.add(headSha)
      members.push({ entry, commits })
    }
    const last = members.at(-1)
    if (!last) continue
    const ref = `refs/heads/gh-readonly-queue/${branch}/pr-${last.entry.pull.issue.number}-${baseSha}`
    const made = { members, ref, baseSha, headSha }
    const fresh = members.flatMap(({ commits }) => commits)
    const actorId = world.mergeQueueBot.id
    const before = repository.refs.get(ref) ?? null
    await moveRef(world, repository, { ref, before, after: headSha, actorId, fresh })
    queue.groups.push(made)
    await announceGroup(world, repository, branch, made, 'checks_requested', {})
  }
}

/** Merges the first group, or takes it out when a check it needs has failed. Says whether there is more to do. */
async function settleFirst(
  world: World,
  repository: Repository,
  branch: string,
  queue: MergeQueue,
  protection: Protection,
): Promise<boolean> {
  const [first] = queue.groups
  if (!first) return false
  const state = checksOn(repository, protection, first.headSha)
  const actorId = world.mergeQueueBot.id
  if (state === 'pending') return false
  if (state === 'failing') {
    for (const { entry } of first.members) await leave(world, repository, queue, entry, 'CI_FAILURE', actorId)
    return true
  }
  queue.groups.shift()
  await moveRef(world, repository, {
    ref: `refs/heads/${branch}`,
    before: first.baseSha,
    after: first.headSha,
    actorId,
    merges: first.members.map(({ entry }) => entry.pull),
    fresh: first.members.flatMap(({ commits }) => commits),
    throughQueue: true,
  })
  for (const { entry, commits } of first.members) {
    entry.pull.landed = commits
    await markMerged(world, repository, entry.pull, actorId, commits.at(-1) ?? first.headSha)
    await leave(world, repository, queue, entry, 'MERGE', actorId)
  }
  await destroy(world, repository, branch, first, 'merged')
  return queue.entries.length > 0
}

async function destroy(
  world: World,
  repository: Repository,
  branch: string,
  gone: MergeGroup,
  reason: 'merged' | 'invalidated' | 'dequeued',
): Promise<void> {
  const before = repository.refs.get(gone.ref)
  await announceGroup(world, repository, branch, gone, 'destroyed', { reason })
  if (before !== gone.headSha) return
  const actorId = world.mergeQueueBot.id
  await moveRef(world, repository, { ref: gone.ref, before, after: null, actorId })
}

async function announceGroup(
  world: World,
  repository: Repository,
  branch: string,
  about: MergeGroup,
  action: 'checks_requested' | 'destroyed',
  extra: Record<string, unknown>,
): Promise<void> {
  const head = await readCommit(repository.objects, about.headSha)
  if (!head) throw new Error(`merge group ${about.headSha} is not there`)
  await announce(world, repository, world.mergeQueueBot.id, 'merge_group', action, () => ({
    merge_group: mergeGroupShape(about, branch, head),
    ...extra,
  }))
}
