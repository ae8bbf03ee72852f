import { z } from 'zod'
import { GitHubError } from '../reconcile/ports/github.ts'
import type { Client } from './client.ts'
import { graphqlUrl } from './graphql-url.ts'

const answer = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.object({ type: z.string().optional(), message: z.string() })).optional(),
})

export type Answered = {
  readonly data: Readonly<Record<string, unknown>> | null | undefined
  /** The first complaint: GraphQL answers 200 whatever it thinks of the question. */
  readonly error?: { readonly type?: string | undefined; readonly message: string } | undefined
}

/** Asks for one mutation. @throws GitHubError where it was not answered, or not in GraphQL's form */
export async function mutate(
  client: Client,
  query: string,
  input: Readonly<Record<string, unknown>>,
): Promise<Answered> {
  const { data } = await client.request(`POST ${graphqlUrl(client.request.endpoint.DEFAULTS.baseUrl)}`, {
    query,
    variables: { input },
  })
  const read = answer.safeParse(data)
  if (!read.success) throw new GitHubError('unavailable', 'GraphQL was answered in an unknown form')
  return { data: read.data.data, error: read.data.errors?.[0] }
}

/** What GraphQL's words for a refusal mean to us; undefined for what only the one mutation knows. */
export function refusal(type: string | undefined, said: string): GitHubError | undefined {
  if (type === 'RATE_LIMITED') return new GitHubError('rate_limited', said)
  if (type === 'FORBIDDEN') return new GitHubError('forbidden', said)
  if (type === 'NOT_FOUND') return new GitHubError('not_found', said)
  return undefined
}
