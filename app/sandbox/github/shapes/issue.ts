import type { components } from '@octokit/openapi-types'
import type { Comment, Issue, IssueEvent, Reaction, ReactionContent } from '../state/issue.ts'
import type { Repository } from '../state/repository.ts'
import { accountOf, appOf, isCollaborator, type World } from '../state/world.ts'
import { appShape } from './app.ts'
import { repositoryApi, repositoryPage } from './repository.ts'
import { iso, isoOrNull, nodeId } from './time.ts'
import { userById } from './user.ts'

/** What the author is to the repository. */
export function association(
  world: World,
  repository: Repository,
  accountId: number,
): components['schemas']['author-association'] {
  if (accountId === repository.ownerId) return 'OWNER'
  if (accountOf(world, repository.ownerId).members.has(accountId)) return 'MEMBER'
  return isCollaborator(world, repository, accountId) ? 'COLLABORATOR' : 'NONE'
}

function reactionCounts(url: string, reactions: readonly Reaction[]) {
  const count = (content: ReactionContent) => reactions.filter((each) => each.content === content).length
  return {
    url: `${url}/reactions`,
    total_count: reactions.length,
    '+1': count('+1'),
    '-1': count('-1'),
    laugh: count('laugh'),
    hooray: count('hooray'),
    confused: count('confused'),
    heart: count('heart'),
    rocket: count('rocket'),
    eyes: count('eyes'),
  } satisfies components['schemas']['reaction-rollup']
}

export function reactionShape(world: World, reaction: Reaction) {
  return {
    id: reaction.id,
    node_id: nodeId('REA', reaction.id),
    user: userById(world, reaction.userId),
    content: reaction.content,
    created_at: iso(reaction.createdAt),
  } satisfies components['schemas']['reaction']
}

export function issueEventShape(world: World, repository: Repository, event: IssueEvent) {
  return {
    id: event.id,
    node_id: nodeId('IE', event.id),
    url: `${repositoryApi(world, repository)}/issues/events/${event.id}`,
    actor: userById(world, event.actorId),
    event: event.event,
    commit_id: null,
    commit_url: null,
    created_at: iso(event.createdAt),
  }
}

/** An issue, or the issue half of a pull request. */
export function issueShape(world: World, repository: Repository, issue: Issue) {
  const api = repositoryApi(world, repository)
  const url = `${api}/issues/${issue.number}`
  const pull = repository.pulls.get(issue.number)
  const page = `${repositoryPage(world, repository)}/${pull ? 'pull' : 'issues'}/${issue.number}`
  return {
    url,
    repository_url: api,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: page,
    id: issue.id,
    node_id: nodeId('I', issue.id),
    number: issue.number,
    title: issue.title,
    user: userById(world, issue.authorId),
    labels: labelsOf(world, repository, issue),
    state: issue.state,
    locked: false,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: commentsOn(repository, issue.number).length,
    created_at: iso(issue.createdAt),
    updated_at: iso(issue.updatedAt),
    closed_at: isoOrNull(issue.closedAt),
    author_association: association(world, repository, issue.authorId),
    active_lock_reason: null,
    performed_via_github_app: issue.appId === null ? null : appShape(world, appOf(world, issue.appId)),
    ...(pull
      ? {
          draft: pull.draft,
          pull_request: {
            url: `${api}/pulls/${issue.number}`,
            html_url: page,
            diff_url: `${page}.diff`,
            patch_url: `${page}.patch`,
            merged_at: isoOrNull(pull.mergedAt),
          },
        }
      : {}),
    body: issue.body,
    reactions: reactionCounts(url, issue.reactions),
    timeline_url: `${url}/timeline`,
    state_reason: issue.stateReason,
  } satisfies components['schemas']['issue']
}

export const labelsOf = (world: World, repository: Repository, issue: Issue) =>
  issue.labels.map((name) => labelShape(world, repository, issue, name))

export function labelShape(world: World, repository: Repository, issue: Issue, name: string) {
  return {
    id: issue.id,
    node_id: nodeId('LA', issue.id),
    url: `${repositoryApi(world, repository)}/labels/${encodeURIComponent(name)}`,
    name,
    description: null,
    color: 'ededed',
    default: false,
  }
}

/** Comments of one issue, oldest first. */
export function commentsOn(repository: Repository, issueNumber: number): Comment[] {
  return repository.comments
    .values()
    .filter((comment) => comment.issueNumber === issueNumber)
    .toArray()
}

export function commentShape(world: World, repository: Repository, comment: Comment) {
  const api = repositoryApi(world, repository)
  const kind = repository.pulls.has(comment.issueNumber) ? 'pull' : 'issues'
  const url = `${api}/issues/comments/${comment.id}`
  return {
    url,
    html_url: `${repositoryPage(world, repository)}/${kind}/${comment.issueNumber}#issuecomment-${comment.id}`,
    issue_url: `${api}/issues/${comment.issueNumber}`,
    id: comment.id,
    node_id: nodeId('IC', comment.id),
    user: userById(world, comment.authorId),
    created_at: iso(comment.createdAt),
    updated_at: iso(comment.updatedAt),
    author_association: association(world, repository, comment.authorId),
    body: comment.body,
    reactions: reactionCounts(url, comment.reactions),
    performed_via_github_app: comment.appId === null ? null : appShape(world, appOf(world, comment.appId)),
  } satisfies components['schemas']['issue-comment']
}
