import {
  type AuthClient,
  AwsClient,
  type AwsClientOptions,
  Compute,
  IdentityPoolClient,
  type IdentityPoolClientOptions,
  JWT,
  type JWTInput,
} from 'google-auth-library'
import { withoutToken } from './faults.ts'

const scopes = ['https://www.googleapis.com/auth/cloud-platform']

/** Who gitsudo is in Google Cloud. `credentials`: parsed JSON; undefined: what the metadata server says. */
export type GcpCredentials = {
  readonly credentialsSource: 'workload_identity_federation' | 'service_account_key'
  readonly credentials?: Readonly<Record<string, unknown>>
}

/** Headers that authorise a call. `fresh` forgets what is cached, after Google refused it; `signal`: the call's. */
export type Authorise = (signal: AbortSignal, fresh?: boolean) => Promise<Readonly<Record<string, string>>>

export const createAuthorise = (given: GcpCredentials): Authorise => {
  let client: AuthClient | undefined
  return async (signal, fresh = false) => {
    let asked: AuthClient | undefined
    // Who asks meanwhile waits for the same token: where it did not come in time, another is asked for.
    const forget = () => {
      if (client === asked) client = undefined
    }
    signal.addEventListener('abort', forget, { once: true })
    try {
      if (fresh || client === undefined) client = clientOf(given)
      asked = client
      return Object.fromEntries(await asked.getRequestHeaders())
    } catch (cause) {
      throw withoutToken(cause)
    } finally {
      signal.removeEventListener('abort', forget)
    }
  }
}

const clientOf = ({ credentialsSource, credentials }: GcpCredentials): AuthClient => {
  if (credentials === undefined) return new Compute({ scopes })
  if (credentialsSource === 'workload_identity_federation') return federated(credentials)
  const jwt = new JWT({ scopes })
  jwt.fromJSON(credentials as JWTInput)
  // Its own signature is the token (AIP-4111): one call and one thing to be away less.
  jwt.useJWTAccessWithScope = true
  return jwt
}

/** Whoever wrote the configuration may name a file, an address or AWS as the token's source; a program is never run. */
const federated = (credentials: Readonly<Record<string, unknown>>): AuthClient => {
  const { audience, subject_token_type, credential_source: source } = credentials
  if (typeof audience !== 'string' || typeof subject_token_type !== 'string' || !isObject(source))
    throw new TypeError(
      'audience, subject_token_type or credential_source is missing in the credentials file',
    )
  if ('executable' in source) throw new TypeError('the credentials file names a program to run')
  const options = { ...credentials, audience, subject_token_type, scopes }
  return 'environment_id' in source
    ? new AwsClient(options as AwsClientOptions)
    : new IdentityPoolClient(options as IdentityPoolClientOptions)
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null
