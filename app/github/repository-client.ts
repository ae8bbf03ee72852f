import type { Client } from './client.ts'

/** A client that may act on one repository, and how calls name it; `appId` is our own. */
export type RepositoryClient = {
  readonly client: Client
  readonly fullName: string
  readonly appId: number
  readonly at: { readonly owner: string; readonly repo: string }
}

export const repositoryClient = (client: Client, appId: number, fullName: string): RepositoryClient => ({
  client,
  fullName,
  appId,
  at: ownerAndRepo(fullName),
})

/** `acme/access` as REST takes it. */
export const ownerAndRepo = (fullName: string): RepositoryClient['at'] => {
  const [owner = '', repo = ''] = fullName.split('/')
  return { owner, repo }
}
