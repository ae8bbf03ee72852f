import { need } from '../access.ts'
import { appActing } from '../actor.ts'
import {
  type Call,
  callerOf,
  created,
  get,
  noContent,
  ok,
  ownerOf,
  patch,
  post,
  pullIn,
  put,
  type Route,
  repositoryIn,
} from '../call.ts'
import { mergeableState } from '../change/measure.ts'
import { mergePull } from '../change/merge.ts'
import { openPull } from '../change/open.ts'
import { announcePull, closePull, tryMerge } from '../change/pull.ts'
import { reopenPull, retargetPull } from '../change/reopen.ts'
import { updateBranch } from '../change/update-branch.ts'
import { GitHubError, validationFailed } from '../errors.ts'
import { readCommit } from '../git-objects.ts'
import { commitsBetween, filesBetween, mergeBase } from '../history.ts'
import { page } from '../page.ts'
import { commitShape } from '../shapes/commit.ts'
import { fileShape } from '../shapes/file.ts'
import { fullPull, simplePull } from '../shapes/pull.ts'
import type { Pull } from '../state/pull.ts'
import { branchSha, type Repository } from '../state/repository.ts'
import { repositoryOf } from '../state/world.ts'

const reading = need('pull_requests', 'read')
/** Who opened a pull request may change it; others need write access. */
const changing = need('pull_requests', 'write', 'read')

async function full(call: Call, repository: Repository, pull: Pull) {
  await repository.exclusively(() => tryMerge(call.world, repository, pull))
  return fullPull(call.world, repository, pull, mergeableState(call.world, repository, pull))
}

async function list(call: Call) {
  const repository = repositoryIn(call, reading)
  const query = call.url.searchParams
  const state = query.get('state') ?? 'open'
  const [head, base] = [query.get('head'), query.get('base')]
  const headLabel = (pull: Pull) =>
    `${ownerOf(call.world, repositoryOf(call.world, pull.head.repositoryId)).login}:${pull.head.ref}`
  const key = query.get('sort') === 'updated' ? ('updatedAt' as const) : ('createdAt' as const)
  const ascending = (query.get('direction') ?? (query.has('sort') ? 'asc' : 'desc')) === 'asc'
  const pulls = repository.pulls
    .values()
    .filter((pull) => state === 'all' || pull.issue.state === state)
    .filter((pull) => head === null || headLabel(pull) === head)
    .filter((pull) => base === null || pull.base.ref === base)
    .toArray()
    .sort((a, b) => (a.issue[key] - b.issue[key] || a.issue.number - b.issue.number) * (ascending ? 1 : -1))
  return page(call, pulls, (pull) => simplePull(call.world, repository, pull))
}

async function create(call: Call) {
  const repository = repositoryIn(call, changing)
  const pull = await openPull(call.world, repository, {
    title: call.body.text('title'),
    head: call.body.text('head'),
    base: call.body.text('base'),
    body: call.body.textOr('body', null),
    draft: call.body.flagOr('draft', false),
    maintainerCanModify: call.body.flagOr('maintainer_can_modify', true),
    actor: call.actor,
    authorId: callerOf(call).id,
    appId: appActing(call.actor)?.id ?? null,
  })
  return created(await full(call, repository, pull))
}

async function update(call: Call) {
  const { repository, pull } = pullIn(call, changing)
  const { world, body } = call
  const actorId = callerOf(call).id
  if (actorId !== pull.issue.authorId) repositoryIn(call, need('pull_requests', 'write'))
  await repository.exclusively(async () => {
    const changes: Record<string, unknown> = {}
    const title = body.textOr('title', pull.issue.title)
    if (title !== pull.issue.title) changes.title = { from: pull.issue.title }
    const text = body.has('body') ? body.textOr('body', null) : pull.issue.body
    if (text !== pull.issue.body) changes.body = { from: pull.issue.body ?? '' }
    const base = body.textOr('base', pull.base.ref)
    if (base !== pull.base.ref) {
      changes.base = { ref: { from: pull.base.ref }, sha: { from: pull.base.sha } }
      await retargetPull(world, repository, pull, base)
    }
    if (Object.keys(changes).length > 0) {
      Object.assign(pull.issue, { title, body: text, updatedAt: world.clock.now() })
      await announcePull(world, repository, pull, actorId, 'edited', { changes })
    }
    const state = body.one('state', ['open', 'closed']) ?? pull.issue.state
    if (state === pull.issue.state) return
    if (state === 'closed') await closePull(world, repository, pull, actorId)
    else await reopenPull(world, repository, pull, actorId)
  })
  return ok(await full(call, repository, pull))
}

/** What its base held before it was merged, or holds while it is not. */
const baseOf = (repository: Repository, pull: Pull): string =>
  pull.mergedAt === null
    ? (branchSha(repository, pull.base.ref) ?? pull.base.sha)
    : (pull.measured?.baseSha ?? pull.base.sha)

async function range(repository: Repository, pull: Pull): Promise<{ from: string; to: string }> {
  const base = baseOf(repository, pull)
  const to = pull.head.sha
  return { from: (await mergeBase(repository.gitDir, base, to)) ?? base, to }
}

async function files(call: Call) {
  const { repository, pull } = pullIn(call, reading)
  const { from, to } = await range(repository, pull)
  // https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files: at most 3,000 files.
  const changed = (await filesBetween(repository.gitDir, from, to)).slice(0, 3000)
  return page(call, changed, (file) => fileShape(call.world, repository, { from, to }, file))
}

async function commits(call: Call) {
  const { repository, pull } = pullIn(call, reading)
  const { from, to } = await range(repository, pull)
  // https://docs.github.com/en/rest/pulls/pulls#list-commits-on-a-pull-request: at most 250 commits.
  const shas = (await commitsBetween(repository, from, to)).slice(0, 250)
  return page(call, shas, async (sha) => {
    const commit = await readCommit(repository.objects, sha)
    return commit && commitShape(call.world, repository, commit)
  })
}

async function merge(call: Call) {
  // https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request: an App needs write on contents.
  const { repository, pull } = pullIn(call, need('contents', 'write'))
  const sha = await repository.exclusively(() =>
    mergePull(call.world, repository, pull, {
      method: call.body.one('merge_method', ['merge', 'squash', 'rebase']) ?? 'merge',
      sha: call.body.textOr('sha', null),
      title: call.body.textOr('commit_title', null),
      message: call.body.textOr('commit_message', null),
      actorId: callerOf(call).id,
    }),
  )
  return ok({ sha, merged: true, message: 'Pull Request successfully merged' })
}

async function updateHead(call: Call) {
  const { repository, pull } = pullIn(call, need('pull_requests', 'write'))
  const expected = call.body.textOr('expected_head_sha', pull.head.sha)
  if (expected !== pull.head.sha) throw validationFailed(`expected head sha didn’t match current head ref.`)
  await updateBranch(call.world, repository, pull, callerOf(call).id)
  return {
    status: 202,
    body: {
      message: 'Updating pull request branch.',
      url: simplePull(call.world, repository, pull).html_url,
    },
  }
}

function isMerged(call: Call) {
  const { pull } = pullIn(call, reading)
  if (pull.mergedAt === null) throw new GitHubError(404, 'Not Found')
  return noContent
}

async function pullsOfCommit(call: Call) {
  const repository = repositoryIn(call, reading)
  const sha = call.param('ref')
  const containing: Pull[] = []
  for (const pull of repository.pulls.values()) {
    if (pull.head.sha === sha || pull.mergeCommitSha === sha || pull.landed.includes(sha))
      containing.push(pull)
    else {
      // No git is started, nor any walk where it was measured, for each of many pull requests.
      const base = baseOf(repository, pull)
      const { measured } = pull
      const own =
        measured?.baseSha === base && measured.headSha === pull.head.sha
          ? measured.commits
          : await commitsBetween(repository, base, pull.head.sha)
      if (own.includes(sha)) containing.push(pull)
    }
  }
  return page(call, containing, (pull) => simplePull(call.world, repository, pull))
}

export const pullRoutes: readonly Route[] = [
  get('/repos/{owner}/{repo}/pulls', list),
  post('/repos/{owner}/{repo}/pulls', create),
  get('/repos/{owner}/{repo}/pulls/{pull_number}', async (call) => {
    const { repository, pull } = pullIn(call, reading)
    return ok(await full(call, repository, pull))
  }),
  patch('/repos/{owner}/{repo}/pulls/{pull_number}', update),
  get('/repos/{owner}/{repo}/pulls/{pull_number}/files', files),
  get('/repos/{owner}/{repo}/pulls/{pull_number}/commits', commits),
  get('/repos/{owner}/{repo}/pulls/{pull_number}/merge', isMerged),
  put('/repos/{owner}/{repo}/pulls/{pull_number}/merge', merge),
  put('/repos/{owner}/{repo}/pulls/{pull_number}/update-branch', updateHead),
  get('/repos/{owner}/{repo}/commits/{ref}/pulls', pullsOfCommit),
]
