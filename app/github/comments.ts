import type { ApiComment } from '../reconcile/ports/github.ts'
import { accountOf } from './account.ts'
import type { RepositoryClient } from './repository-client.ts'
import { readWhole } from './whole.ts'

export async function createComment(
  { client, at }: RepositoryClient,
  number: number,
  body: string,
): Promise<number> {
  return (await client.rest.issues.createComment({ ...at, issue_number: number, body })).data.id
}

export async function editComment({ client, at }: RepositoryClient, id: number, body: string): Promise<void> {
  await client.rest.issues.updateComment({ ...at, comment_id: id, body })
}

/** A comment that a person made through our App names it too, and is the person's to edit. */
export async function findComment(
  { client, appId, at }: RepositoryClient,
  number: number,
  mark: string,
): Promise<number | undefined> {
  const all = await client.paginate(client.rest.issues.listComments, {
    ...at,
    issue_number: number,
    per_page: 100,
  })
  return all.find(
    ({ body, user, performed_via_github_app: app }) =>
      app?.id === appId && user?.type === 'Bot' && body?.includes(mark),
  )?.id
}

/** Of the whole repository, in one list: on pull requests and issues alike. */
export async function listCommentsSince(
  { client, at }: RepositoryClient,
  since: number,
): Promise<readonly ApiComment[]> {
  const list = client.rest.issues.listCommentsForRepo
  const asked = { ...at, since: new Date(since).toISOString(), per_page: 100 }
  const all = await readWhole(`the comments since ${asked.since}`, () =>
    client.paginate.iterator(list, asked),
  )
  return all.map(({ id, issue_url, user, body, created_at, updated_at }) => ({
    id,
    pull: Number(issue_url.slice(issue_url.lastIndexOf('/') + 1)),
    ...(user ? { author: accountOf(user) } : {}),
    body: body ?? '',
    edited: updated_at !== created_at,
  }))
}
