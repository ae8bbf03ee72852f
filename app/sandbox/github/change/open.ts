import { allow, need } from '../access.ts'
import type { Actor } from '../actor.ts'
import { custom, validationFailed } from '../errors.ts'
import { isAncestor } from '../history.ts'
import type { Issue } from '../state/issue.ts'
import type { Pull } from '../state/pull.ts'
import { branchSha, type Repository } from '../state/repository.ts'
import { accountOf, type World } from '../state/world.ts'
import { announcePull, bringHead, tryMerge } from './pull.ts'

export type PullOrder = {
  readonly title: string
  /** `branch`, or `owner:branch` of this repository or a fork of it. */
  readonly head: string
  readonly base: string
  readonly body: string | null
  readonly draft: boolean
  readonly maintainerCanModify: boolean
  readonly actor: Actor
  readonly authorId: number
  readonly appId: number | null
}

/** A new issue, which takes the repository's next number. */
export function newIssue(
  world: World,
  repository: Repository,
  order: Pick<PullOrder, 'title' | 'body' | 'authorId' | 'appId'>,
): Issue {
  const now = world.clock.now()
  const issue: Issue = {
    id: world.nextId(),
    number: ++repository.lastNumber,
    authorId: order.authorId,
    createdAt: now,
    title: order.title,
    body: order.body,
    state: 'open',
    stateReason: null,
    updatedAt: now,
    closedAt: null,
    labels: [],
    reactions: [],
    events: [],
    appId: order.appId,
  }
  repository.issues.set(issue.number, issue)
  return issue
}

/** Opens a pull request. Throws 422 in GitHub's words when there is nothing to open. */
export async function openPull(world: World, repository: Repository, order: PullOrder): Promise<Pull> {
  const { from, ref } = headOf(world, repository, order)
  const sha = branchSha(from, ref)
  const base = branchSha(repository, order.base)
  if (sha === undefined) throw validationFailed({ resource: 'PullRequest', field: 'head', code: 'invalid' })
  if (base === undefined) throw validationFailed({ resource: 'PullRequest', field: 'base', code: 'invalid' })
  return repository.exclusively(async () => {
    const twin = repository.pulls
      .values()
      .some(
        (pull) =>
          pull.issue.state === 'open' &&
          pull.head.repositoryId === from.id &&
          pull.head.ref === ref &&
          pull.base.ref === order.base,
      )
    const label = `${accountOf(world, from.ownerId).login}:${ref}`
    if (twin) throw custom('PullRequest', `A pull request already exists for ${label}.`)
    if (from === repository && (await isAncestor(repository, sha, base)))
      throw custom('PullRequest', `No commits between ${order.base} and ${ref}`)
    const pull: Pull = {
      id: world.nextId(),
      issue: newIssue(world, repository, order),
      head: { repositoryId: from.id, ref, sha },
      base: { ref: order.base, sha: base },
      draft: order.draft,
      mergedAt: null,
      mergedById: null,
      mergeCommitSha: null,
      landed: [],
      maintainerCanModify: order.maintainerCanModify,
      requestedReviewers: new Set(),
      requestedTeams: new Set(),
      reviews: [],
      measured: null,
      tested: null,
    }
    await bringHead(world, repository, pull)
    repository.pulls.set(pull.issue.number, pull)
    await tryMerge(world, repository, pull)
    await announcePull(world, repository, pull, order.authorId, 'opened')
    return pull
  })
}

function headOf(world: World, repository: Repository, order: PullOrder): { from: Repository; ref: string } {
  const [owner, ...rest] = order.head.split(':')
  const named = rest.length > 0 ? owner : undefined
  const ref = named === undefined ? order.head : rest.join(':')
  const family = world.repositories
    .values()
    .filter((each) => each === repository || each.forkOf === repository.id || each.id === repository.forkOf)
  const from =
    named === undefined
      ? repository
      : family.find((each) => accountOf(world, each.ownerId).login.toLowerCase() === named.toLowerCase())
  if (!from) throw validationFailed({ resource: 'PullRequest', field: 'head', code: 'invalid' })
  // Whoever asks for a pull request from a branch must be able to have put it there.
  allow(world, order.actor, from, need('pull_requests', 'write', 'write'))
  return { from, ref }
}
