import type { RepositoryClient } from './repository-client.ts'

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
