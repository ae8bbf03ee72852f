import type { components } from '@octokit/openapi-types'
import { need } from '../access.ts'
import {
  type Call,
  callerOf,
  created,
  get,
  noContent,
  ok,
  patch,
  post,
  type Route,
  remove,
  repositoryIn,
} from '../call.ts'
import { guardBranch } from '../change/guard.ts'
import { moveRef } from '../change/ref.ts'
import { commitNamed } from '../change/resolve.ts'
import { GitHubError, invalid, notFound } from '../errors.ts'
import type { Fields } from '../fields.ts'
import {
  changeTree,
  readCommit,
  readTree,
  type Signature,
  type TreeChange,
  writeCommit,
} from '../git-objects.ts'
import { isAncestor } from '../history.ts'
import { page } from '../page.ts'
import { gitCommitShape, webAuthor, webCommitter } from '../shapes/commit.ts'
import { repositoryApi } from '../shapes/repository.ts'
import { nodeId } from '../shapes/time.ts'
import type { Repository } from '../state/repository.ts'

const reading = need('contents', 'read')
const writing = need('contents', 'write')
const MODES = ['100644', '100755', '040000', '160000', '120000'] as const

async function refShape(call: Call, repository: Repository, ref: string, sha: string) {
  const api = repositoryApi(call.world, repository)
  const type = (await repository.objects.read(sha))?.type ?? 'commit'
  return {
    ref,
    node_id: nodeId('REF', repository.id),
    url: `${api}/git/${ref}`,
    object: { sha, type, url: `${api}/git/${type}s/${sha}` },
  } satisfies components['schemas']['git-ref']
}

function refIn(call: Call, repository: Repository): { ref: string; sha: string } {
  const ref = `refs/${call.param('ref')}`
  const sha = repository.refs.get(ref)
  if (sha === undefined) throw notFound()
  return { ref, sha }
}

/** https://git-scm.com/docs/git-check-ref-format */
function validRef(ref: string): boolean {
  if (/[\s~^:?*[\\]|\.\.|@\{|\/\/|[/.]$|\p{Cc}/u.test(ref)) return false
  return ref.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'))
}

async function createRef(call: Call) {
  const repository = repositoryIn(call, writing)
  const [ref, sha] = [call.body.text('ref'), call.body.text('sha')]
  if (!/^refs\/[^/]+\/.+/.test(ref) || ref.startsWith('refs/pull/'))
    throw invalid('Reference name must start with refs/')
  if (!validRef(ref)) throw invalid('Reference name is not valid')
  if (!(await repository.objects.read(sha))) throw invalid('Object does not exist')
  return repository.exclusively(async () => {
    if (repository.refs.has(ref)) throw invalid('Reference already exists')
    await moveRef(call.world, repository, { ref, before: null, after: sha, actorId: callerOf(call).id })
    return created(await refShape(call, repository, ref, sha))
  })
}

async function updateRef(call: Call) {
  const repository = repositoryIn(call, writing)
  const after = call.body.text('sha')
  const force = call.body.flagOr('force', false)
  if (!(await repository.objects.read(after))) throw invalid('Object does not exist')
  return repository.exclusively(async () => {
    const ref = `refs/${call.param('ref')}`
    const before = repository.refs.get(ref)
    if (before === undefined) throw invalid('Reference does not exist')
    const forward = await isAncestor(repository, before, after)
    if (!forward && !force) throw invalid('Update is not a fast forward')
    guardBranch(call, repository, ref, after, forward)
    if (before !== after)
      await moveRef(call.world, repository, { ref, before, after, actorId: callerOf(call).id })
    return ok(await refShape(call, repository, ref, after))
  })
}

async function deleteRef(call: Call) {
  const repository = repositoryIn(call, writing)
  return repository.exclusively(async () => {
    const ref = `refs/${call.param('ref')}`
    const before = repository.refs.get(ref)
    if (before === undefined) throw invalid('Reference does not exist')
    guardBranch(call, repository, ref, null, true)
    await moveRef(call.world, repository, { ref, before, after: null, actorId: callerOf(call).id })
    return noContent
  })
}

async function createBlob(call: Call) {
  const repository = repositoryIn(call, writing)
  const encoding = call.body.one('encoding', ['utf-8', 'base64']) ?? 'utf-8'
  const sha = await repository.objects.write('blob', Buffer.from(call.body.text('content'), encoding))
  const url = `${repositoryApi(call.world, repository)}/git/blobs/${sha}`
  return created({ sha, url } satisfies components['schemas']['short-blob'])
}

async function getBlob(call: Call) {
  const repository = repositoryIn(call, reading)
  const sha = call.param('file_sha')
  const object = await repository.objects.read(sha)
  if (object?.type !== 'blob') throw notFound()
  return ok({
    sha,
    node_id: nodeId('B', repository.id),
    size: object.body.length,
    url: `${repositoryApi(call.world, repository)}/git/blobs/${sha}`,
    content: object.body.toString('base64').replaceAll(/(.{60})/g, '$1\n'),
    encoding: 'base64',
  } satisfies components['schemas']['blob'])
}

async function treeShape(call: Call, repository: Repository, sha: string, recursive: boolean) {
  const api = repositoryApi(call.world, repository)
  const listed: components['schemas']['git-tree']['tree'] = []
  const walk = async (tree: string, prefix: string) => {
    for (const entry of (await readTree(repository.objects, tree)) ?? []) {
      const type = entry.mode === '040000' ? 'tree' : entry.mode === '160000' ? 'commit' : 'blob'
      const blob = type === 'blob' ? await repository.objects.read(entry.sha) : null
      const url = type === 'commit' ? {} : { url: `${api}/git/${type}s/${entry.sha}` }
      const path = prefix + entry.path
      listed.push({
        path,
        mode: entry.mode,
        type,
        sha: entry.sha,
        ...(blob ? { size: blob.body.length } : {}),
        ...url,
      })
      if (recursive && type === 'tree') await walk(entry.sha, `${path}/`)
    }
  }
  await walk(sha, '')
  const url = `${api}/git/trees/${sha}`
  return { sha, url, tree: listed, truncated: false } satisfies components['schemas']['git-tree']
}

async function getTree(call: Call) {
  const repository = repositoryIn(call, reading)
  const name = call.param('tree_sha')
  const object = await repository.objects.read(name)
  const sha =
    object?.type === 'tree'
      ? name
      : (await readCommit(repository.objects, await commitNamed(repository, name)))?.tree
  if (sha === undefined) throw notFound()
  return ok(await treeShape(call, repository, sha, call.url.searchParams.has('recursive')))
}

async function createTree(call: Call) {
  const repository = repositoryIn(call, writing)
  const base = call.body.textOr('base_tree', null)
  const baseTree = base === null ? null : await treeOf(repository, base)
  const changes = new Map<string, TreeChange>()
  for (const each of call.body.objects('tree'))
    changes.set(each.text('path'), await changeOf(repository, each))
  if (changes.size === 0) throw new GitHubError(422, 'Invalid tree info')
  const sha = await changeTree(repository.objects, baseTree, changes)
  return created(await treeShape(call, repository, sha, false))
}

async function treeOf(repository: Repository, sha: string): Promise<string> {
  const tree = (await readCommit(repository.objects, sha))?.tree ?? sha
  if ((await repository.objects.read(tree))?.type !== 'tree')
    throw invalid('base_tree is not a valid tree oid')
  return tree
}

async function changeOf(repository: Repository, entry: Fields): Promise<TreeChange> {
  const mode = entry.one('mode', MODES) ?? '100644'
  if (entry.has('sha') && entry.raw('sha') === null) return null
  const known = entry.textOr('sha', null)
  if (known !== null) {
    if (mode !== '160000' && !(await repository.objects.read(known)))
      throw invalid(`tree.sha ${known} is not a valid blob`)
    return { mode, sha: known }
  }
  return { mode, sha: await repository.objects.write('blob', Buffer.from(entry.text('content'))) }
}

async function createCommit(call: Call) {
  const repository = repositoryIn(call, writing)
  const { world, actor } = call
  const tree = call.body.text('tree')
  if ((await repository.objects.read(tree))?.type !== 'tree') throw invalid('Tree SHA does not exist')
  const parents = call.body.texts('parents')
  for (const parent of parents)
    if (!(await readCommit(repository.objects, parent)))
      throw invalid('Parent SHA does not exist or is not a commit object')
  const caller = callerOf(call)
  const own: Signature = {
    ...webAuthor(world, caller.id),
    ...(actor.kind === 'user' && caller.email !== null ? { email: caller.email } : {}),
  }
  const author = signatureIn(call.body.object('author'), own)
  const committer = signatureIn(call.body.object('committer'), call.body.has('author') ? author : own)
  // https://docs.github.com/en/authentication/managing-commit-signature-verification/about-commit-signature-verification:
  // what a bot commits without naming author or committer, GitHub signs.
  const signed = actor.kind === 'installation' && !call.body.has('author') && !call.body.has('committer')
  const sha = await writeCommit(repository.objects, {
    tree,
    parents,
    author,
    committer: signed ? webCommitter(world) : committer,
    message: call.body.text('message'),
  })
  if (signed) repository.webCommits.add(sha)
  const commit = await readCommit(repository.objects, sha)
  if (!commit) throw new Error(`commit ${sha} was written and is not there`)
  return created(gitCommitShape(world, repository, commit))
}

function signatureIn(given: Fields | null, otherwise: Signature): Signature {
  if (!given) return otherwise
  const date = given.textOr('date', null)
  const at = date === null ? otherwise.at : Date.parse(date)
  if (Number.isNaN(at)) throw invalid(`Invalid request.\n\n"${date}" is not a valid date-time.`)
  return { name: given.text('name'), email: given.text('email'), at }
}

export const gitDatabaseRoutes: readonly Route[] = [
  get('/repos/{owner}/{repo}/git/ref/{ref*}', async (call) => {
    const repository = repositoryIn(call, reading)
    const { ref, sha } = refIn(call, repository)
    return ok(await refShape(call, repository, ref, sha))
  }),
  get('/repos/{owner}/{repo}/git/matching-refs/{ref*}', (call) => {
    const repository = repositoryIn(call, reading)
    const found = [...repository.refs].filter(([ref]) => ref.startsWith(`refs/${call.param('ref')}`)).sort()
    return page(call, found, ([ref, sha]) => refShape(call, repository, ref, sha))
  }),
  post('/repos/{owner}/{repo}/git/refs', createRef),
  patch('/repos/{owner}/{repo}/git/refs/{ref*}', updateRef),
  remove('/repos/{owner}/{repo}/git/refs/{ref*}', deleteRef),
  post('/repos/{owner}/{repo}/git/blobs', createBlob),
  get('/repos/{owner}/{repo}/git/blobs/{file_sha}', getBlob),
  post('/repos/{owner}/{repo}/git/trees', createTree),
  get('/repos/{owner}/{repo}/git/trees/{tree_sha}', getTree),
  post('/repos/{owner}/{repo}/git/commits', createCommit),
  get('/repos/{owner}/{repo}/git/commits/{commit_sha}', async (call) => {
    const repository = repositoryIn(call, reading)
    const commit = await readCommit(repository.objects, call.param('commit_sha'))
    if (!commit) throw notFound()
    return ok(gitCommitShape(call.world, repository, commit))
  }),
]
