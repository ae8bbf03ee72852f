import { need } from '../access.ts'
import { type Call, callerOf, created, get, ok, post, type Route, repositoryIn } from '../call.ts'
import { announce } from '../change/announce.ts'
import { checkReported } from '../change/merge-queue.ts'
import { commitNamed } from '../change/resolve.ts'
import { GitHubError, notFound } from '../errors.ts'
import { git } from '../git.ts'
import { type Commit, readCommit } from '../git-objects.ts'
import { commitsBetween, filesBetween, mergeBase } from '../history.ts'
import { page } from '../page.ts'
import { commitShape } from '../shapes/commit.ts'
import { fileShape } from '../shapes/file.ts'
import { repositoryApi, repositoryPage } from '../shapes/repository.ts'
import { iso, nodeId } from '../shapes/time.ts'
import { userById } from '../shapes/user.ts'
import type { Status } from '../state/check.ts'
import type { Repository } from '../state/repository.ts'

const reading = need('contents', 'read')
const EMPTY_TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

async function shapeOf(call: Call, repository: Repository, sha: string) {
  return commitShape(call.world, repository, await commitAt(repository, sha))
}

async function commitAt(repository: Repository, sha: string): Promise<Commit> {
  const commit = await readCommit(repository.objects, sha)
  if (!commit) throw notFound()
  return commit
}

async function list(call: Call) {
  const repository = repositoryIn(call, reading)
  const query = call.url.searchParams
  const from = await commitNamed(repository, query.get('sha') ?? repository.defaultBranch)
  const path = query.get('path')
  const limits = [
    ...(query.has('since') ? [`--since=${query.get('since')}`] : []),
    ...(query.has('until') ? [`--until=${query.get('until')}`] : []),
  ]
  const out = await git(repository.gitDir, [
    'rev-list',
    ...limits,
    from,
    ...(path === null ? [] : ['--', path]),
  ])
  return page(
    call,
    out.split('\n').filter((line) => line !== ''),
    (sha) => shapeOf(call, repository, sha),
  )
}

async function one(call: Call) {
  const repository = repositoryIn(call, reading)
  const commit = await commitAt(repository, await commitNamed(repository, call.param('ref')))
  const from = commit.parents[0] ?? EMPTY_TREE
  if (from === EMPTY_TREE) await repository.objects.write('tree', Buffer.alloc(0))
  const files = await filesBetween(repository.gitDir, from, commit.sha)
  const additions = files.reduce((sum, file) => sum + file.additions, 0)
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0)
  const range = { from, to: commit.sha }
  return ok({
    ...commitShape(call.world, repository, commit),
    stats: { total: additions + deletions, additions, deletions },
    files: await Promise.all(
      files.slice(0, 300).map((file) => fileShape(call.world, repository, range, file)),
    ),
  })
}

async function compare(call: Call) {
  const repository = repositoryIn(call, reading)
  const [left, right] = call.param('basehead').split('...')
  if (!left || !right) throw new GitHubError(404, 'Not Found')
  const [base, head] = [await commitNamed(repository, left), await commitNamed(repository, right)]
  const common = await mergeBase(repository.gitDir, base, head)
  if (common === null) throw new GitHubError(404, `No common ancestor between ${left} and ${right}.`)
  const ahead = await commitsBetween(repository, base, head)
  const behind = await commitsBetween(repository, head, base)
  const files = await filesBetween(repository.gitDir, common, head)
  const status =
    ahead.length === 0
      ? behind.length === 0
        ? 'identical'
        : 'behind'
      : behind.length === 0
        ? 'ahead'
        : 'diverged'
  const html = `${repositoryPage(call.world, repository)}/compare/${base}...${head}`
  const range = { from: common, to: head }
  const shown = await page(call, ahead, (sha) => shapeOf(call, repository, sha))
  return {
    ...shown,
    body: {
      url: `${repositoryApi(call.world, repository)}/compare/${base}...${head}`,
      html_url: html,
      permalink_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: await shapeOf(call, repository, base),
      merge_base_commit: await shapeOf(call, repository, common),
      status,
      ahead_by: ahead.length,
      behind_by: behind.length,
      total_commits: ahead.length,
      commits: shown.body,
      files: await Promise.all(
        files.slice(0, 300).map((file) => fileShape(call.world, repository, range, file)),
      ),
    },
  }
}

const STATES = ['error', 'failure', 'pending', 'success'] as const

function statusShape(call: Call, repository: Repository, status: Status) {
  return {
    url: `${repositoryApi(call.world, repository)}/statuses/${status.sha}`,
    avatar_url: `${call.world.url}/avatars/u/${status.creatorId}`,
    id: status.id,
    node_id: nodeId('SC', status.id),
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: iso(status.createdAt),
    updated_at: iso(status.createdAt),
  }
}

async function createStatus(call: Call) {
  const repository = repositoryIn(call, need('statuses', 'write'))
  const { world, body } = call
  const sha = call.param('sha')
  const commit = await commitAt(repository, sha)
  const state = body.one('state', STATES)
  if (!state) throw new GitHubError(422, 'Invalid request.\n\n"state" wasn\'t supplied.')
  const status: Status = {
    id: world.nextId(),
    sha,
    creatorId: callerOf(call).id,
    state,
    context: body.textOr('context', 'default'),
    description: body.textOr('description', null),
    targetUrl: body.textOr('target_url', null),
    createdAt: world.clock.now(),
  }
  repository.statuses.push(status)
  await announce(world, repository, status.creatorId, 'status', null, () => ({
    id: status.id,
    sha,
    name: `${call.param('owner')}/${call.param('repo')}`,
    target_url: status.targetUrl,
    avatar_url: null,
    context: status.context,
    description: status.description,
    state,
    commit: commitShape(world, repository, commit),
    branches: [],
    created_at: iso(status.createdAt),
    updated_at: iso(status.createdAt),
  }))
  await checkReported(repository)
  const creator = userById(world, status.creatorId)
  return created({ ...statusShape(call, repository, status), creator })
}

async function combined(call: Call) {
  const repository = repositoryIn(call, need('statuses', 'read'))
  const sha = await commitNamed(repository, call.param('ref'))
  const latest = new Map(
    repository.statuses.filter((each) => each.sha === sha).map((each) => [each.context, each]),
  )
  const statuses = [...latest.values()]
  const any = (...states: string[]) => statuses.some((status) => states.includes(status.state))
  const state = any('error', 'failure')
    ? 'failure'
    : statuses.length === 0 || any('pending')
      ? 'pending'
      : 'success'
  return ok({
    state,
    statuses: statuses.map((status) => statusShape(call, repository, status)),
    sha,
    total_count: statuses.length,
    commit_url: `${repositoryApi(call.world, repository)}/commits/${sha}`,
    url: `${repositoryApi(call.world, repository)}/commits/${sha}/status`,
  })
}

export const commitRoutes: readonly Route[] = [
  get('/repos/{owner}/{repo}/commits', list),
  get('/repos/{owner}/{repo}/commits/{ref}', one),
  get('/repos/{owner}/{repo}/compare/{basehead}', compare),
  post('/repos/{owner}/{repo}/statuses/{sha}', createStatus),
  get('/repos/{owner}/{repo}/commits/{ref}/status', combined),
  get('/repos/{owner}/{repo}/commits/{ref}/statuses', async (call) => {
    const repository = repositoryIn(call, need('statuses', 'read'))
    const sha = await commitNamed(repository, call.param('ref'))
    const statuses = repository.statuses.filter((each) => each.sha === sha).reverse()
    return page(call, statuses, (status) => ({
      ...statusShape(call, repository, status),
      creator: userById(call.world, status.creatorId),
    }))
  }),
]
