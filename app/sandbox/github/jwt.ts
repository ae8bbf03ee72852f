import { type KeyObject, verify } from 'node:crypto'
import { unauthorised } from './errors.ts'

const LONGEST_SECONDS = 600
/** GitHub allows clocks to differ by about a minute. */
const DRIFT_SECONDS = 60

/**
 * The issuer of an App's JSON web token, its signature and times proved. `keyOf` gives an issuer's public key.
 * Messages are those which octokit's clock correction looks for.
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
 */
export function verifyJwt<A>(
  jwt: string,
  nowMs: number,
  appOf: (issuer: string) => (A & { publicKey: KeyObject }) | undefined,
): A {
  const undecodable = () => unauthorised('A JSON web token could not be decoded')
  const [header = '', payload = '', signature = '', ...rest] = jwt.split('.')
  if (rest.length > 0) throw undecodable()
  const head = decode(header)
  const claims = decode(payload)
  if (head?.alg !== 'RS256' || !claims) throw undecodable()
  const app = appOf(String(claims.iss))
  if (!app) throw unauthorised("'Issuer' claim ('iss') must be the id or the client id of an App")
  const genuine = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    app.publicKey,
    Buffer.from(signature, 'base64url'),
  )
  if (!genuine) throw undecodable()
  const now = Math.floor(nowMs / 1000)
  const { exp, iat } = claims
  if (typeof exp !== 'number' || exp <= now)
    throw unauthorised(
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires",
    )
  if (exp > now + LONGEST_SECONDS + DRIFT_SECONDS)
    throw unauthorised("'Expiration time' claim ('exp') is too far in the future")
  if (typeof iat !== 'number' || !Number.isInteger(iat) || iat > now + DRIFT_SECONDS)
    throw unauthorised(
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    )
  return app
}

function decode(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? { ...value } : null
  } catch {
    return null
  }
}
