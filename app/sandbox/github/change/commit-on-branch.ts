import { allow, need } from '../access.ts'
import { type Call, callerOf } from '../call.ts'
import { GitHubError, invalid } from '../errors.ts'
import { changeTree, readCommit, type TreeChange, writeCommit } from '../git-objects.ts'
import { webAuthor, webCommitter } from '../shapes/commit.ts'
import { nodeId } from '../shapes/time.ts'
import { branchSha } from '../state/repository.ts'
import { findRepository } from '../state/world.ts'
import { guardBranch } from './guard.ts'
import { moveRef } from './ref.ts'

type Input = Readonly<Record<string, unknown>>

/**
 * One commit on a branch that is where the caller saw it, signed by GitHub.
 * https://docs.github.com/en/graphql/reference/mutations#createcommitonbranch
 */
export async function commitOnBranch(call: Call, input: Input): Promise<Input> {
  const { world } = call
  const [place, message, changes] = [input.branch, input.message, input.fileChanges].map(record)
  const name = String(place?.repositoryNameWithOwner)
  const [owner = '', repo = ''] = name.split('/')
  const repository = findRepository(world, owner, repo)
  if (!repository) throw new GitHubError(404, `Could not resolve to a Repository with the name '${name}'.`)
  allow(world, call.actor, repository, need('contents', 'write'))
  const branch = String(place?.branchName)
  const headline = String(message?.headline ?? '')
  if (headline === '') throw invalid('A commit message is required.')
  const files = new Map<string, TreeChange>()
  for (const each of listed(changes?.additions)) {
    const body = Buffer.from(String(each.contents ?? ''), 'base64')
    files.set(String(each.path), { mode: '100644', sha: await repository.objects.write('blob', body) })
  }
  for (const each of listed(changes?.deletions)) files.set(String(each.path), null)
  const actorId = callerOf(call).id
  return repository.exclusively(async () => {
    const before = branchSha(repository, branch)
    if (before === undefined) throw new GitHubError(404, `No such branch: ${branch}`)
    if (before !== input.expectedHeadOid) {
      const expected = `Expected branch to point to "${String(input.expectedHeadOid)}" but it did not. Pull and try again.`
      throw new GitHubError(409, expected)
    }
    const parent = await readCommit(repository.objects, before)
    const sha = await writeCommit(repository.objects, {
      tree: await changeTree(repository.objects, parent?.tree ?? null, files),
      parents: [before],
      author: webAuthor(world, actorId),
      committer: webCommitter(world),
      message: headline,
    })
    const ref = `refs/heads/${branch}`
    guardBranch(call, repository, ref, sha, true)
    repository.webCommits.add(sha)
    await moveRef(world, repository, { ref, before, after: sha, actorId, fresh: [sha] })
    return {
      commit: { oid: sha, url: `${world.url}/${name}/commit/${sha}` },
      ref: { id: nodeId('REF', repository.id), name: branch },
    }
  })
}

const record = (value: unknown): Input | undefined =>
  typeof value === 'object' && value !== null ? { ...value } : undefined

const listed = (value: unknown): readonly Input[] =>
  (Array.isArray(value) ? value : []).map(record).filter((each) => each !== undefined)
