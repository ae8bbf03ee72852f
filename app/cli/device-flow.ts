import { z } from 'zod'
import type { CliDeps } from './deps.ts'
import { Failure } from './failure.ts'

const codeSchema = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  expires_in: z.number(),
  interval: z.number().default(5),
})
const tokenSchema = z.object({ access_token: z.string(), expires_in: z.number().optional() })
const refusalSchema = z.object({
  error: z.string(),
  error_description: z.string().optional(),
  interval: z.number().optional(),
})
type Refusal = z.output<typeof refusalSchema>

type DeviceCode = { readonly code: string; readonly address: string; readonly seconds: number }

/** A user token of the App; `expiresAt` in epoch ms where it has an end. */
export type UserToken = { readonly token: string; readonly expiresAt?: number }

const patienceMs = 30_000
const again = 'run gitsudo login again'

/**
 * A user token by the App's device flow: a person types a code in on GitHub, and GitHub is asked until it says who it
 * was (docs.github.com, "Using the device flow to generate a user access token"). It needs no secret of the App's.
 * @throws Failure in words for each of GitHub's error codes
 */
export async function deviceFlow(
  deps: Pick<CliDeps, 'fetch' | 'clock' | 'sleep'>,
  { githubUrl, clientId }: { readonly githubUrl: string; readonly clientId: string },
  show: (code: DeviceCode) => void,
): Promise<UserToken> {
  const post = (path: string, fields: Readonly<Record<string, string>>) =>
    asked(deps, githubUrl, path, { client_id: clientId, ...fields })
  const begun = await post('/login/device/code', {})
  const code = codeSchema.safeParse(begun)
  if (!code.success) throw failureOf(refusalIn(begun, githubUrl))
  const { device_code, user_code, verification_uri, expires_in, interval } = code.data
  show({ code: user_code, address: verification_uri, seconds: expires_in })
  const end = deps.clock.now() + expires_in * 1000
  let wait = interval
  while (deps.clock.now() < end) {
    await deps.sleep(wait * 1000)
    const answer = await post('/login/oauth/access_token', {
      device_code,
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    })
    const given = tokenSchema.safeParse(answer)
    if (given.success) {
      const { access_token: token, expires_in: lives } = given.data
      return { token, ...(lives === undefined ? {} : { expiresAt: deps.clock.now() + lives * 1000 }) }
    }
    const refusal = refusalIn(answer, githubUrl)
    if (refusal.error === 'slow_down') wait = refusal.interval ?? wait + 5
    else if (refusal.error !== 'authorization_pending') throw failureOf(refusal)
  }
  throw failureOf({ error: 'expired_token' })
}

const asked = async (
  { fetch }: Pick<CliDeps, 'fetch'>,
  githubUrl: string,
  path: string,
  fields: Readonly<Record<string, string>>,
): Promise<unknown> => {
  try {
    const response = await fetch(`${githubUrl}${path}`, {
      method: 'POST',
      headers: { accept: 'application/json' },
      body: new URLSearchParams(fields),
      redirect: 'error',
      signal: AbortSignal.timeout(patienceMs),
    })
    if (response.status >= 500) throw new Error(`HTTP ${response.status}`)
    return response.status === 404 ? { error: 'incorrect_client_credentials' } : await response.json()
  } catch (cause) {
    throw new Failure('unknown', `GitHub at ${githubUrl} did not answer.`, `${again} in a minute`, { cause })
  }
}

const refusalIn = (answer: unknown, githubUrl: string): Refusal => {
  const refusal = refusalSchema.safeParse(answer)
  if (refusal.success) return refusal.data
  throw new Failure(
    'unknown',
    `What answers at ${githubUrl} is not GitHub.`,
    'check github.git_url of the service',
  )
}

const failureOf = ({ error, error_description: said }: Refusal): Failure => {
  switch (error) {
    case 'expired_token':
      return new Failure('refused', 'Nobody typed in the code in time.', again)
    case 'access_denied':
      return new Failure('refused', 'Whoever typed in the code cancelled.', again)
    case 'device_flow_disabled':
      return new Failure(
        'refused',
        "The service's GitHub App lets nobody sign in from a command line.",
        'its owner switches on Enable Device Flow in its settings on GitHub',
      )
    case 'incorrect_client_credentials':
      return new Failure(
        'refused',
        "GitHub does not know the service's App.",
        'check github.client_id of the service',
      )
    default:
      return new Failure('refused', `GitHub says no: ${said ?? error}`, again)
  }
}
