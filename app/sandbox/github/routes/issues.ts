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
import { newIssue } from '../change/open.ts'
import { announcePull, closePull } from '../change/pull.ts'
import { reopenPull } from '../change/reopen.ts'
import { notFound } from '../errors.ts'
import { page } from '../page.ts'
import { issueEventShape, issueShape, labelShape, reactionShape } from '../shapes/issue.ts'
import { type Issue, REACTIONS, type Reaction, STATE_REASONS } from '../state/issue.ts'
import type { Repository } from '../state/repository.ts'

const reading = need(['issues', 'pull_requests'], 'read')
const writing = need(['issues', 'pull_requests'], 'write', 'read')

async function tell(
  call: Call,
  repository: Repository,
  issue: Issue,
  action: string,
  extra: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await announce(call.world, repository, callerOf(call).id, 'issues', action, () => ({
    issue: issueShape(call.world, repository, issue),
    ...extra,
  }))
}

async function create(call: Call) {
  const repository = repositoryIn(call, need('issues', 'write', 'read'))
  const issue = newIssue(call.world, repository, {
    title: call.body.text('title'),
    body: call.body.textOr('body', null),
    authorId: callerOf(call).id,
    appId: appActing(call.actor)?.id ?? null,
  })
  issue.labels = call.body.texts('labels')
  await tell(call, repository, issue, 'opened')
  return created(issueShape(call.world, repository, issue))
}

/** Tells of each label that comes or goes. */
async function label(
  call: Call,
  repository: Repository,
  issue: Issue,
  wanted: readonly string[],
): Promise<void> {
  const { world } = call
  const before = issue.labels
  issue.labels = [...new Set(wanted)]
  const pull = repository.pulls.get(issue.number)
  for (const name of new Set([...before, ...issue.labels])) {
    if (before.includes(name) === issue.labels.includes(name)) continue
    const action = before.includes(name) ? 'unlabeled' : 'labeled'
    const extra = { label: labelShape(world, repository, issue, name) }
    if (pull) await announcePull(world, repository, pull, callerOf(call).id, action, extra)
    else await tell(call, repository, issue, action, extra)
  }
}

async function update(call: Call) {
  const { repository, issue } = issueIn(call, writing)
  const { body, world } = call
  const actorId = callerOf(call).id
  if (actorId !== issue.authorId) repositoryIn(call, need(['issues', 'pull_requests'], 'write', 'triage'))
  issue.title = body.textOr('title', issue.title)
  issue.body = body.has('body') ? body.textOr('body', null) : issue.body
  if (body.has('labels')) await label(call, repository, issue, body.texts('labels'))
  issue.updatedAt = world.clock.now()
  const state = body.one('state', ['open', 'closed']) ?? issue.state
  if (state === issue.state) return ok(issueShape(world, repository, issue))
  const pull = repository.pulls.get(issue.number)
  if (pull) {
    await repository.exclusively(() =>
      state === 'closed'
        ? closePull(world, repository, pull, actorId)
        : reopenPull(world, repository, pull, actorId),
    )
  } else {
    const closed = state === 'closed'
    const closedAt = closed ? world.clock.now() : null
    const stateReason = closed ? (body.one('state_reason', STATE_REASONS) ?? 'completed') : 'reopened'
    Object.assign(issue, { state, closedAt, stateReason })
    await tell(call, repository, issue, closed ? 'closed' : 'reopened')
  }
  return ok(issueShape(world, repository, issue))
}

function list(call: Call) {
  const repository = repositoryIn(call, reading)
  const query = call.url.searchParams
  const state = query.get('state') ?? 'open'
  const labels = (query.get('labels') ?? '').split(',').filter((label) => label !== '')
  const creator = query.get('creator')
  const issues = repository.issues
    .values()
    .filter((issue) => state === 'all' || issue.state === state)
    .filter((issue) => labels.every((label) => issue.labels.includes(label)))
    .filter((issue) => creator === null || call.world.accounts.get(issue.authorId)?.login === creator)
    .toArray()
    .sort((a, b) => b.number - a.number)
  return page(call, query.get('direction') === 'asc' ? issues.reverse() : issues, (issue) =>
    issueShape(call.world, repository, issue),
  )
}

/** https://docs.github.com/en/rest/issues/events#list-issue-events: of what happens, only closing and opening again. */
function events(call: Call) {
  const { repository, issue } = issueIn(call, reading)
  return page(call, issue.events, (event) => issueEventShape(call.world, repository, event))
}

type Reactable = { readonly reactions: Reaction[] }

function commentIn(call: Call, wanted: typeof reading): Reactable {
  const comment = repositoryIn(call, wanted).comments.get(numberIn(call, 'comment_id'))
  if (!comment) throw notFound()
  return comment
}

/** The three endpoints of reactions on one kind of thing. */
function reactionsOn(path: string, find: (call: Call, wanted: typeof reading) => Reactable): Route[] {
  return [
    get(`${path}/reactions`, (call) => {
      const content = call.url.searchParams.get('content')
      const { reactions } = find(call, reading)
      const shown = reactions.filter((each) => content === null || each.content === content)
      return page(call, shown, (reaction) => reactionShape(call.world, reaction))
    }),
    post(`${path}/reactions`, (call) => {
      const { reactions } = find(call, writing)
      const content = call.body.one('content', REACTIONS)
      if (!content) throw notFound()
      const userId = callerOf(call).id
      const known = reactions.find((each) => each.userId === userId && each.content === content)
      if (known) return ok(reactionShape(call.world, known))
      const reaction = { id: call.world.nextId(), userId, content, createdAt: call.world.clock.now() }
      reactions.push(reaction)
      return created(reactionShape(call.world, reaction))
    }),
    remove(`${path}/reactions/{reaction_id}`, (call) => {
      const { reactions } = find(call, writing)
      const id = numberIn(call, 'reaction_id')
      const at = reactions.findIndex((each) => each.id === id && each.userId === callerOf(call).id)
      if (at < 0) throw notFound()
      reactions.splice(at, 1)
      return noContent
    }),
  ]
}

export const issueRoutes: readonly Route[] = [
  get('/repos/{owner}/{repo}/issues', list),
  post('/repos/{owner}/{repo}/issues', create),
  get('/repos/{owner}/{repo}/issues/{issue_number}', (call) => {
    const { repository, issue } = issueIn(call, reading)
    return ok(issueShape(call.world, repository, issue))
  }),
  patch('/repos/{owner}/{repo}/issues/{issue_number}', update),
  get('/repos/{owner}/{repo}/issues/{issue_number}/events', events),
  ...reactionsOn(
    '/repos/{owner}/{repo}/issues/{issue_number}',
    (call, wanted) => issueIn(call, wanted).issue,
  ),
  ...reactionsOn('/repos/{owner}/{repo}/issues/comments/{comment_id}', commentIn),
]
