import { credentialsSchema } from './api.ts'
import type { Client } from './client.ts'
import type { CliDeps, Command } from './deps.ts'
import { said } from './terminal/said.ts'

/**
 * What a tool would heed instead of a variable that we set: some AWS SDKs take the profile first, and botocore a session
 * token under its old name, and by when the credentials are to be had anew.
 */
const overruling: Readonly<Record<string, readonly string[]>> = {
  AWS_ACCESS_KEY_ID: [
    'AWS_PROFILE',
    'AWS_DEFAULT_PROFILE',
    'AWS_SECURITY_TOKEN',
    'AWS_CREDENTIAL_EXPIRATION',
  ],
}

/** What an active grant gives to a command: our own environment and the grant's. */
export const givenBy = async (
  deps: Pick<CliDeps, 'env' | 'err'>,
  client: Client,
  id: string,
): Promise<Pick<Command, 'env' | 'files'> & { readonly endsAt: number }> => {
  const { environment, files, expires_at, principal } = await client.post(
    `/api/v1/requests/${encodeURIComponent(id)}/credentials`,
    credentialsSchema,
  )
  if (principal !== undefined)
    deps.err.write(said`gitsudo: ${id} is for your own identity, ${principal}: sign in as that.\n`)
  const without = Object.keys(environment).flatMap((name) => overruling[name] ?? [])
  const own = Object.entries(deps.env).filter(([name]) => !without.includes(name))
  return {
    env: { ...Object.fromEntries(own), ...environment },
    files,
    endsAt: Date.parse(expires_at),
  }
}
