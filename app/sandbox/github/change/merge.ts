import { GitHubError } from '../errors.ts'
import { readCommit, type Signature, writeCommit } from '../git-objects.ts'
import { mergedTree } from '../history.ts'
import { webAuthor, webCommitter } from '../shapes/commit.ts'
import type { Measured, Pull } from '../state/pull.ts'
import { branchSha, type Repository } from '../state/repository.ts'
import { accountOf, repositoryOf, roleOn, type World } from '../state/world.ts'
import { measurePull } from './measure.ts'
import { protectionUnmet } from './protection.ts'
import { markMerged } from './pull.ts'
import { moveRef } from './ref.ts'

export type MergeOrder = {
  readonly method: 'merge' | 'squash' | 'rebase'
  readonly sha: string | null
  readonly title: string | null
  readonly message: string | null
  readonly actorId: number
}

const refuse = (message: string) => new GitHubError(405, message)

/**
 * Merges the pull request and gives the new tip of its base. Call it within `repository.exclusively`.
 * 405 when it cannot be merged, 409 when its head is not the one named.
 */
export async function mergePull(
  world: World,
  repository: Repository,
  pull: Pull,
  order: MergeOrder,
): Promise<string> {
  const base = branchSha(repository, pull.base.ref)
  if (pull.issue.state === 'closed' || base === undefined) throw refuse('Pull Request is not mergeable')
  if (pull.draft) throw refuse('Pull Request is still a draft')
  if (order.sha !== null && order.sha !== pull.head.sha)
    throw new GitHubError(409, 'Head branch was modified. Review and try the merge again.')
  const measured = await measurePull(repository, pull)
  const protection = repository.protections.get(pull.base.ref)
  const unmet = protectionUnmet(world, repository, pull)
  const mayBypass = !protection?.enforceAdmins && roleOn(world, repository, order.actorId) === 'admin'
  if (unmet !== null && !mayBypass) throw refuse(unmet)
  if (protection?.mergeQueue && !mayBypass) throw refuse('Changes must be made through the merge queue')
  if (measured?.mergeTree == null) throw refuse('Pull Request is not mergeable')
  const fresh = await commitsOfMerge(world, repository, pull, order, base, measured)
  const tip = fresh.at(-1) ?? base
  if (order.method !== 'rebase') repository.webCommits.add(tip)
  const ref = `refs/heads/${pull.base.ref}`
  await moveRef(world, repository, {
    ref,
    before: base,
    after: tip,
    actorId: order.actorId,
    merges: [pull],
    fresh,
  })
  pull.landed = fresh
  await markMerged(world, repository, pull, order.actorId, tip)
  return tip
}

/** The commits that the merge puts on the base, oldest first. */
export async function commitsOfMerge(
  world: World,
  repository: Repository,
  pull: Pull,
  order: Omit<MergeOrder, 'sha'>,
  base: string,
  measured: Pick<Measured, 'mergeTree' | 'commits'>,
): Promise<string[]> {
  const tree = measured.mergeTree ?? ''
  const { objects } = repository
  const { number, title, authorId } = pull.issue
  if (order.method === 'merge') {
    const owner = accountOf(world, repositoryOf(world, pull.head.repositoryId).ownerId).login
    const subject = order.title ?? `Merge pull request #${number} from ${owner}/${pull.head.ref}`
    const merge = await writeCommit(objects, {
      tree,
      parents: [base, pull.head.sha],
      author: webAuthor(world, order.actorId),
      committer: webCommitter(world),
      message: joined(subject, order.message ?? title),
    })
    return [...measured.commits, merge]
  }
  const commits = (await Promise.all(measured.commits.map((sha) => readCommit(objects, sha)))).filter(
    (one) => one !== null,
  )
  if (order.method === 'squash') {
    const only = commits.length === 1 ? commits[0] : undefined
    const [subject = '', ...rest] = (only?.message ?? title).split('\n')
    const list = commits.map((commit) => `* ${commit.message}`).join('\n\n')
    const body = only ? rest.join('\n').trim() : list
    const author = webAuthor(world, authorId)
    const others = new Map(commits.map(({ author: each }) => [each.email, each]))
    others.delete(author.email)
    others.delete(accountOf(world, authorId).email ?? '')
    const trailers = [...others.values()]
      .map((each) => `Co-authored-by: ${each.name} <${each.email}>`)
      .join('\n')
    const squashed = await writeCommit(objects, {
      tree,
      parents: [base],
      author,
      committer: webCommitter(world),
      message: joined(order.title ?? `${subject} (#${number})`, order.message ?? joined(body, trailers)),
    })
    return [squashed]
  }
  const committer = webAuthor(world, order.actorId)
  const replayed: string[] = []
  for (const commit of commits) {
    // As on GitHub, merge commits are left out: what they brought comes with the commits of the other side.
    if (commit.parents.length !== 1) continue
    replayed.push(await replay(repository, replayed.at(-1) ?? base, { ...commit, committer }))
  }
  return replayed
}

/** Puts one commit on top of `onto`. */
async function replay(
  repository: Repository,
  onto: string,
  commit: {
    sha: string
    parents: readonly string[]
    author: Signature
    committer: Signature
    message: string
  },
): Promise<string> {
  const { objects, gitDir } = repository
  const below = await readCommit(objects, onto)
  if (!below) throw new Error(`no commit ${onto}`)
  // git 2.39 cannot be told the merge base, so give it one: a commit that has the tree of `onto` and the parent
  // of the commit. Merging the commit with it applies just that commit's change.
  const stand = await writeCommit(objects, { ...commit, tree: below.tree, message: 'onto' })
  const tree = await mergedTree(gitDir, stand, commit.sha)
  if (tree === null) throw refuse('This branch can’t be rebased')
  return writeCommit(objects, { ...commit, tree, parents: [onto] })
}

const joined = (...parts: string[]) => parts.filter((part) => part !== '').join('\n\n')
