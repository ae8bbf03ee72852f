import { need } from '../access.ts'
import { type Call, callerOf, get, ok, put, type Route, remove, repositoryIn } from '../call.ts'
import { guardBranch } from '../change/guard.ts'
import { moveRef } from '../change/ref.ts'
import { commitNamed } from '../change/resolve.ts'
import { GitHubError, invalid, notFound } from '../errors.ts'
import {
  changeTree,
  entryAt,
  readCommit,
  readTree,
  type TreeChange,
  type TreeEntry,
  writeCommit,
} from '../git-objects.ts'
import { gitCommitShape, webAuthor, webCommitter } from '../shapes/commit.ts'
import { repositoryApi, repositoryPage } from '../shapes/repository.ts'
import { branchSha, type Repository } from '../state/repository.ts'

const LARGEST_INLINE = 1024 * 1024

async function entryShape(
  call: Call,
  repository: Repository,
  ref: string,
  path: string,
  entry: TreeEntry,
  inline: boolean,
) {
  const url = path.split('/').map(encodeURIComponent).join('/')
  const api = repositoryApi(call.world, repository)
  const html = repositoryPage(call.world, repository)
  const isTree = entry.mode === '040000'
  const type = isTree
    ? 'dir'
    : entry.mode === '160000'
      ? 'submodule'
      : entry.mode === '120000'
        ? 'symlink'
        : 'file'
  const blob = isTree || type === 'submodule' ? null : await repository.objects.read(entry.sha)
  const self = `${api}/contents/${url}?ref=${ref}`
  const git = `${api}/git/${isTree ? 'trees' : 'blobs'}/${entry.sha}`
  const page = `${html}/${isTree ? 'tree' : 'blob'}/${ref}/${url}`
  const size = blob?.body.length ?? 0
  return {
    name: path.split('/').at(-1) ?? '',
    path,
    sha: entry.sha,
    size,
    url: self,
    html_url: page,
    git_url: git,
    download_url: blob ? `${html}/raw/${ref}/${url}` : null,
    type,
    ...(inline && blob
      ? size > LARGEST_INLINE
        ? { content: '', encoding: 'none' }
        : { content: blob.body.toString('base64').replaceAll(/(.{60})/g, '$1\n'), encoding: 'base64' }
      : {}),
    _links: { self, git, html: page },
  }
}

async function read(call: Call) {
  const repository = repositoryIn(call, need('contents', 'read'))
  const ref = call.url.searchParams.get('ref') ?? repository.defaultBranch
  const commit = await readCommit(repository.objects, await named(repository, ref))
  const path = call.param('path')
  const entry = commit && (await entryAt(repository.objects, commit.tree, path))
  if (!entry) throw notFound()
  if (entry.mode !== '040000') return ok(await entryShape(call, repository, ref, path, entry, true))
  const below = (await readTree(repository.objects, entry.sha)) ?? []
  const prefix = path === '' ? '' : `${path.replace(/\/$/, '')}/`
  return ok(
    await Promise.all(
      below.map((each) => entryShape(call, repository, ref, prefix + each.path, each, false)),
    ),
  )
}

async function named(repository: Repository, ref: string): Promise<string> {
  try {
    return await commitNamed(repository, ref)
  } catch (cause) {
    throw Object.assign(new GitHubError(404, `No commit found for the ref ${ref}`), { cause })
  }
}

/** One commit on a branch that writes, or takes away, one file. */
async function change(call: Call, content: Buffer | null) {
  const repository = repositoryIn(call, need('contents', 'write'))
  const { world, body } = call
  const path = call.param('path')
  const branch = body.textOr('branch', repository.defaultBranch)
  const message = body.text('message')
  const actorId = callerOf(call).id
  return repository.exclusively(async () => {
    const before = branchSha(repository, branch)
    if (before === undefined) throw new GitHubError(404, `Branch ${branch} not found`)
    const parent = await readCommit(repository.objects, before)
    const old = parent && (await entryAt(repository.objects, parent.tree, path))
    const expected = body.textOr('sha', null)
    if (old && expected === null) throw invalid(`Invalid request.\n\n"sha" wasn't supplied.`)
    if (!old && content === null) throw notFound()
    if (old && expected !== old.sha) throw new GitHubError(409, `${path} does not match ${expected}`)
    const blob = content === null ? null : await repository.objects.write('blob', content)
    const entry: TreeChange = blob === null ? null : { mode: old?.mode ?? '100644', sha: blob }
    const sha = await writeCommit(repository.objects, {
      tree: await changeTree(repository.objects, parent?.tree ?? null, new Map([[path, entry]])),
      parents: [before],
      author: webAuthor(world, actorId),
      committer: webCommitter(world),
      message,
    })
    const ref = `refs/heads/${branch}`
    guardBranch(call, repository, ref, sha, true)
    repository.webCommits.add(sha)
    await moveRef(world, repository, { ref, before, after: sha, actorId, fresh: [sha] })
    const commit = await readCommit(repository.objects, sha)
    const shape =
      blob === null
        ? null
        : await entryShape(call, repository, branch, path, { mode: '100644', path, sha: blob }, false)
    return {
      status: old ? 200 : 201,
      body: { content: shape, commit: commit && gitCommitShape(world, repository, commit) },
    }
  })
}

export const contentRoutes: readonly Route[] = [
  get('/repos/{owner}/{repo}/contents', read),
  get('/repos/{owner}/{repo}/contents/{path*}', read),
  put('/repos/{owner}/{repo}/contents/{path*}', (call) =>
    change(call, Buffer.from(call.body.text('content'), 'base64')),
  ),
  remove('/repos/{owner}/{repo}/contents/{path*}', (call) => change(call, null)),
]
