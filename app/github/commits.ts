import type { RepositoryApi } from '../reconcile/ports/github.ts'
import { accountOf } from './account.ts'
import type { RepositoryClient } from './repository-client.ts'

export async function readCommit(
  { client, at }: RepositoryClient,
  sha: string,
): ReturnType<RepositoryApi['commit']> {
  const { commit, author, committer } = (await client.rest.repos.getCommit({ ...at, ref: sha })).data
  return {
    verified: commit.verification?.verified === true,
    ...person('author', author),
    ...person('committer', committer),
  }
}

/** GitHub answers an empty object for an address that is nobody's. */
const person = <K extends string>(key: K, said: object | null) =>
  (said && 'id' in said && 'login' in said && typeof said.id === 'number' && typeof said.login === 'string'
    ? {
        [key]: accountOf({
          id: said.id,
          login: said.login,
          ...('type' in said ? { type: String(said.type) } : {}),
        }),
      }
    : {}) as { readonly [key in K]?: ReturnType<typeof accountOf> }
