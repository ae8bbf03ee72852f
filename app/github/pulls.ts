import type { PullRequest } from '../reconcile/ports/github.ts'
import { accountOf } from './account.ts'
import type { RepositoryClient } from './repository-client.ts'
import { readWhole } from './whole.ts'

type User = { readonly id: number; readonly login: string; readonly type?: string } | null
/** What GitHub's two shapes of a pull request, in lists and alone, have in common. */
type Said = {
  readonly number: number
  readonly state: string
  readonly draft?: boolean
  readonly merged?: boolean
  readonly merged_at: string | null
  readonly merge_commit_sha: string | null
  readonly merged_by?: User
  readonly user: User
  readonly created_at: string
  readonly updated_at: string
  readonly node_id: string
  readonly base: { readonly ref: string; readonly repo: { readonly id: number } }
  readonly head: { readonly ref: string; readonly sha: string; readonly repo: { readonly id: number } | null }
}

/** GitHub's stand-in for authors whose account is gone. */
const ghost = { id: 10137, login: 'ghost', type: 'User' } as const

function pullOf(said: Said): PullRequest {
  const merged = said.merged ?? said.merged_at !== null
  return {
    number: said.number,
    state: said.state === 'open' ? 'open' : 'closed',
    merged,
    draft: said.draft ?? false,
    author: accountOf(said.user ?? ghost),
    base: { ref: said.base.ref, repository: said.base.repo.id },
    head: {
      ref: said.head.ref,
      sha: said.head.sha,
      ...(said.head.repo ? { repository: said.head.repo.id } : {}),
    },
    createdAt: Date.parse(said.created_at),
    updatedAt: Date.parse(said.updated_at),
    ...(said.merged_at ? { mergedAt: Date.parse(said.merged_at) } : {}),
    // While open it names a trial merge that nobody has made.
    ...(merged && said.merge_commit_sha ? { mergeCommit: said.merge_commit_sha } : {}),
    ...(said.merged_by ? { mergedBy: accountOf(said.merged_by) } : {}),
    nodeId: said.node_id,
  }
}

export async function readPull({ client, at }: RepositoryClient, number: number): Promise<PullRequest> {
  return pullOf((await client.rest.pulls.get({ ...at, pull_number: number })).data)
}

/** Looked at again and again, what moves from one page to another meanwhile is seen the next time. */
export async function listOpenPulls(
  { client, at }: RepositoryClient,
  how?: 'whole',
): Promise<readonly PullRequest[]> {
  const { list } = client.rest.pulls
  const open = { ...at, state: 'open', per_page: 100 } as const
  const said =
    how === 'whole'
      ? await readWhole('the open pull requests', () => client.paginate.iterator(list, open))
      : await client.paginate(list, open)
  return said.map(pullOf)
}

export async function listPullsOf(
  { client, at }: RepositoryClient,
  commit: string,
): Promise<readonly PullRequest[]> {
  const list = client.rest.repos.listPullRequestsAssociatedWithCommit
  const said = await readWhole(`the pull requests of ${commit}`, () =>
    client.paginate.iterator(list, { ...at, commit_sha: commit, per_page: 100 }),
  )
  return said.map(pullOf)
}

export async function closePull({ client, at }: RepositoryClient, number: number): Promise<void> {
  await client.rest.pulls.update({ ...at, pull_number: number, state: 'closed' })
}

/** "List issue events", docs.github.com: a pull request's, from the first on. */
export async function readReopening(
  { client, at }: RepositoryClient,
  number: number,
): Promise<number | undefined> {
  const list = client.rest.issues.listEvents
  const said = await readWhole(`the events of pull request ${number}`, () =>
    client.paginate.iterator(list, { ...at, issue_number: number, per_page: 100 }),
  )
  const times = said.flatMap(({ event, created_at: time }) =>
    event === 'reopened' ? [Date.parse(time)] : [],
  )
  return times.length === 0 ? undefined : Math.max(...times)
}
