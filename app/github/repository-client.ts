import type { Client } from './client.ts'

/** A client that may act on one repository, and how calls name it; `appId` is our own. */
export type RepositoryClient = {
  readonly client: Client
  readonly fullName: string
  readonly appId: number
  readonly at: { readonly owner: string; readonly repo: string }
}
