import { z } from 'zod'
import type { AnchorBranch } from '../reconcile/ports/anchor.ts'
import { GitHubError } from '../reconcile/ports/github.ts'
import { plainMode } from '../request/plain.ts'
import { mutate, refusal } from './graphql.ts'
import { orUndefined } from './or-undefined.ts'
import type { RepositoryClient } from './repository-client.ts'

const mutation = `mutation anchor($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid } }
}`
const made = z.object({ createCommitOnBranch: z.object({ commit: z.object({ oid: z.string() }) }) })

/**
 * A branch that grows by whole commits. `createCommitOnBranch` is one write whatever it holds, takes place only where
 * the branch is where we saw it, and is signed by GitHub; REST needs three writes, and does so for a branch's first
 * commit, which GraphQL cannot make.
 */
export const createAnchorBranch = (
  { client, fullName, at }: RepositoryClient,
  branch: string,
): AnchorBranch => ({
  async tip() {
    const found = await orUndefined(client.rest.git.getRef({ ...at, ref: `heads/${branch}` }))
    return found?.data.object.sha
  },

  async file(commit, path) {
    const found = await orUndefined(client.rest.repos.getContent({ ...at, path, ref: commit }))
    if (found === undefined) return undefined
    const { data } = found
    if (Array.isArray(data) || data.type !== 'file' || !('content' in data)) return undefined
    return Buffer.from(data.content, 'base64').toString('utf8')
  },

  async parents(commit) {
    const { data } = await client.rest.git.getCommit({ ...at, commit_sha: commit })
    return data.parents.map(({ sha }) => sha)
  },

  async descends(ancestor, descendant) {
    if (ancestor === descendant) return true
    const compared = await orUndefined(
      client.rest.repos
        .compareCommitsWithBasehead({ ...at, basehead: `${ancestor}...${descendant}`, per_page: 1 })
        .catch((error) => {
          // What GitHub has no commit of is nobody's ancestor.
          if (error instanceof GitHubError && /no commit found/i.test(error.message)) return undefined
          throw error
        }),
    )
    return compared?.data.status === 'ahead'
  },

  async commit({ parent, message, files }) {
    if (parent === undefined) {
      const tree = await client.rest.git.createTree({
        ...at,
        tree: [...files].map(([path, content]) => ({ path, content, mode: plainMode, type: 'blob' })),
      })
      const commit = await client.rest.git.createCommit({ ...at, message, tree: tree.data.sha, parents: [] })
      const { sha } = commit.data
      await client.rest.git.createRef({ ...at, ref: `refs/heads/${branch}`, sha }).catch((error) => {
        if (!(error instanceof GitHubError && /already exists/i.test(error.message))) throw error
        throw new GitHubError('conflict', `${fullName} has a branch ${branch} meanwhile`, { cause: error })
      })
      return sha
    }
    const { data, error } = await mutate(client, mutation, {
      branch: { repositoryNameWithOwner: fullName, branchName: branch },
      expectedHeadOid: parent,
      message: { headline: message },
      fileChanges: {
        additions: [...files].map(([path, text]) => ({
          path,
          contents: Buffer.from(text, 'utf8').toString('base64'),
        })),
      },
    })
    if (error !== undefined) {
      const said = `${branch} of ${fullName} did not take a commit: ${error.message.slice(0, 500)}`
      throw (
        refusal(error.type, said) ??
        new GitHubError(
          error.type === 'STALE_DATA' || /expected branch to point to/i.test(error.message)
            ? 'conflict'
            : 'invalid',
          said,
        )
      )
    }
    const read = made.safeParse(data)
    if (!read.success) throw new GitHubError('unavailable', 'GraphQL was answered in an unknown form')
    return read.data.createCommitOnBranch.commit.oid
  },
})
