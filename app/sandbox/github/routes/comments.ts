import { need } from '../access.ts'
import { appActing } from '../actor.ts'
import {
  type Call,
  callerOf,
  created,
  get,
  issueIn,
  noContent,
  numberIn,
  ok,
  patch,
  post,
  type Route,
  remove,
  repositoryIn,
} from '../call.ts'
import { announce } from '../change/announce.ts'
import { forbidden, invalid, notFound } from '../errors.ts'
import { page } from '../page.ts'
import { commentShape, commentsOn, issueShape } from '../shapes/issue.ts'
import { atLeast } from '../state/account.ts'
import type { Comment, Issue } from '../state/issue.ts'
import type { Repository } from '../state/repository.ts'
import { roleOn } from '../state/world.ts'

const LONGEST = 65_536
const reading = need(['issues', 'pull_requests'], 'read')
/** Whoever can read can comment. */
const writing = need(['issues', 'pull_requests'], 'write', 'read')

function commentIn(call: Call, wanted: typeof reading) {
  const repository = repositoryIn(call, wanted)
  const comment = repository.comments.get(numberIn(call, 'comment_id'))
  const issue = comment && repository.issues.get(comment.issueNumber)
  if (!comment || !issue) throw notFound()
  return { repository, comment, issue }
}

function textOf(call: Call): string {
  const body = call.body.text('body')
  if (body.trim() === '') throw invalid('Validation Failed: Body cannot be blank')
  if (body.length > LONGEST)
    throw invalid(`Validation Failed: Body is too long (maximum is ${LONGEST} characters)`)
  return body
}

async function tell(
  call: Call,
  repository: Repository,
  issue: Issue,
  comment: Comment,
  action: string,
  extra: Record<string, unknown> = {},
): Promise<void> {
  await announce(call.world, repository, callerOf(call).id, 'issue_comment', action, () => ({
    issue: issueShape(call.world, repository, issue),
    comment: commentShape(call.world, repository, comment),
    ...extra,
  }))
}

async function create(call: Call) {
  const { repository, issue } = issueIn(call, writing)
  const { world } = call
  const now = world.clock.now()
  const comment: Comment = {
    id: world.nextId(),
    issueNumber: issue.number,
    authorId: callerOf(call).id,
    appId: appActing(call.actor)?.id ?? null,
    createdAt: now,
    body: textOf(call),
    updatedAt: now,
    reactions: [],
  }
  repository.comments.set(comment.id, comment)
  issue.updatedAt = now
  await tell(call, repository, issue, comment, 'created')
  return created(commentShape(world, repository, comment))
}

/** Its author, or who can write to the repository, may change a comment. */
function mayChange(call: Call, repository: Repository, comment: Comment): void {
  const caller = callerOf(call)
  if (caller.id === comment.authorId || call.actor.kind === 'installation') return
  if (!atLeast(roleOn(call.world, repository, caller.id), 'write'))
    throw forbidden('Must have admin rights to Repository.')
}

async function edit(call: Call) {
  const { repository, comment, issue } = commentIn(call, writing)
  mayChange(call, repository, comment)
  const from = comment.body
  comment.body = textOf(call)
  comment.updatedAt = call.world.clock.now()
  await tell(call, repository, issue, comment, 'edited', { changes: { body: { from } } })
  return ok(commentShape(call.world, repository, comment))
}

async function destroy(call: Call) {
  const { repository, comment, issue } = commentIn(call, writing)
  mayChange(call, repository, comment)
  repository.comments.delete(comment.id)
  await tell(call, repository, issue, comment, 'deleted')
  return noContent
}

export const commentRoutes: readonly Route[] = [
  get('/repos/{owner}/{repo}/issues/{issue_number}/comments', (call) => {
    const { repository, issue } = issueIn(call, reading)
    const since = Date.parse(call.url.searchParams.get('since') ?? '') || 0
    const comments = commentsOn(repository, issue.number).filter((comment) => comment.updatedAt >= since)
    return page(call, comments, (comment) => commentShape(call.world, repository, comment))
  }),
  post('/repos/{owner}/{repo}/issues/{issue_number}/comments', create),
  get('/repos/{owner}/{repo}/issues/comments', (call) => {
    const repository = repositoryIn(call, reading)
    const since = Date.parse(call.url.searchParams.get('since') ?? '') || 0
    const comments = repository.comments.values().filter((comment) => comment.updatedAt >= since)
    return page(call, comments.toArray(), (comment) => commentShape(call.world, repository, comment))
  }),
  get('/repos/{owner}/{repo}/issues/comments/{comment_id}', (call) => {
    const { repository, comment } = commentIn(call, reading)
    return ok(commentShape(call.world, repository, comment))
  }),
  patch('/repos/{owner}/{repo}/issues/comments/{comment_id}', edit),
  remove('/repos/{owner}/{repo}/issues/comments/{comment_id}', destroy),
]
