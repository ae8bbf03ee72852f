import type { components } from '@octokit/openapi-types'
import type { Pull, Review } from '../state/pull.ts'
import type { Repository } from '../state/repository.ts'
import { accountOf, repositoryOf, type World } from '../state/world.ts'
import { association, commentsOn, labelsOf } from './issue.ts'
import { repositoryApi, repositoryPage, repositoryShape } from './repository.ts'
import { teamPayload } from './team.ts'
import { iso, isoOrNull, nodeId } from './time.ts'
import { userById } from './user.ts'

/**
 * Teams are as webhooks show them, whose published schema knows no `type`; the schema of lists says that a label has a
 * description, that of a single pull request that it may have none.
 */
type Published<Name extends 'pull-request' | 'pull-request-simple'> = Omit<
  components['schemas'][Name],
  'requested_teams' | 'labels'
> &
  Pick<components['schemas']['pull-request'], 'labels'> & {
    readonly requested_teams: readonly ReturnType<typeof teamPayload>[]
  }

/** A pull request as lists and review events show it. */
export function simplePull(world: World, repository: Repository, pull: Pull) {
  const { issue } = pull
  const api = repositoryApi(world, repository)
  const url = `${api}/pulls/${issue.number}`
  const html = `${repositoryPage(world, repository)}/pull/${issue.number}`
  const issueUrl = `${api}/issues/${issue.number}`
  const statuses = `${api}/statuses/${pull.head.sha}`
  const side = (of: Repository, ref: string, sha: string) => ({
    label: `${accountOf(world, of.ownerId).login}:${ref}`,
    ref,
    sha,
    user: userById(world, of.ownerId),
    repo: repositoryShape(world, of),
  })
  return {
    url,
    id: pull.id,
    node_id: nodeId('PR', pull.id),
    html_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    issue_url: issueUrl,
    number: issue.number,
    state: issue.state,
    locked: false,
    title: issue.title,
    user: userById(world, issue.authorId),
    body: issue.body,
    created_at: iso(issue.createdAt),
    updated_at: iso(issue.updatedAt),
    closed_at: isoOrNull(issue.closedAt),
    merged_at: isoOrNull(pull.mergedAt),
    merge_commit_sha: pull.mergeCommitSha,
    assignee: null,
    assignees: [],
    requested_reviewers: [...pull.requestedReviewers].map((id) => userById(world, id)),
    requested_teams: [...pull.requestedTeams].flatMap((id) => {
      const team = world.teams.get(id)
      return team ? [teamPayload(world, team)] : []
    }),
    labels: labelsOf(world, repository, issue),
    milestone: null,
    draft: pull.draft,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${api}/pulls/comments{/number}`,
    comments_url: `${issueUrl}/comments`,
    statuses_url: statuses,
    head: side(repositoryOf(world, pull.head.repositoryId), pull.head.ref, pull.head.sha),
    base: side(repository, pull.base.ref, pull.base.sha),
    _links: {
      self: { href: url },
      html: { href: html },
      issue: { href: issueUrl },
      comments: { href: `${issueUrl}/comments` },
      review_comments: { href: `${url}/comments` },
      review_comment: { href: `${api}/pulls/comments{/number}` },
      commits: { href: `${url}/commits` },
      statuses: { href: statuses },
    },
    author_association: association(world, repository, issue.authorId),
    auto_merge: null,
    active_lock_reason: null,
  } satisfies Published<'pull-request-simple'>
}

/** A pull request in full; its counts must have been measured. `mergeableState` null: not known yet. */
export function fullPull(world: World, repository: Repository, pull: Pull, mergeableState: string | null) {
  const { measured } = pull
  const mergeable =
    pull.issue.state === 'closed' || mergeableState === null ? null : measured?.mergeTree !== null
  return {
    ...simplePull(world, repository, pull),
    merged: pull.mergedAt !== null,
    mergeable,
    rebaseable: mergeable,
    mergeable_state: mergeableState ?? 'unknown',
    merged_by: pull.mergedById === null ? null : userById(world, pull.mergedById),
    comments: commentsOn(repository, pull.issue.number).length,
    review_comments: 0,
    maintainer_can_modify: pull.maintainerCanModify,
    commits: measured?.commits.length ?? 0,
    additions: measured?.additions ?? 0,
    deletions: measured?.deletions ?? 0,
    changed_files: measured?.changedFiles ?? 0,
  } satisfies Published<'pull-request'>
}

/** A review as the API shows it; a pending one has no time yet. */
export function reviewShape(world: World, repository: Repository, pull: Pull, review: Review) {
  const { submitted_at, ...rest } = reviewPayload(world, repository, pull, review)
  return {
    ...rest,
    state: review.state as string,
    ...(submitted_at === null ? {} : { submitted_at }),
  } satisfies components['schemas']['pull-request-review']
}

/** A review as webhooks show it. */
export function reviewPayload(world: World, repository: Repository, pull: Pull, review: Review) {
  const { number } = pull.issue
  const html = `${repositoryPage(world, repository)}/pull/${number}#pullrequestreview-${review.id}`
  const pullUrl = `${repositoryApi(world, repository)}/pulls/${number}`
  return {
    id: review.id,
    node_id: nodeId('PRR', review.id),
    user: userById(world, review.userId),
    body: review.body,
    commit_id: review.commitId,
    submitted_at: isoOrNull(review.submittedAt),
    state: review.state.toLowerCase(),
    html_url: html,
    pull_request_url: pullUrl,
    author_association: association(world, repository, review.userId),
    _links: { html: { href: html }, pull_request: { href: pullUrl } },
  }
}
