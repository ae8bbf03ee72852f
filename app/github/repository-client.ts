import type { Client } from './client.ts'

/** A client that may act on one repository, and how calls name it. */
export type RepositoryClient = {
  readonly client: Client
  readonly fullName: string
  readonly at: { readonly owner: string; readonly repo: string }
}
