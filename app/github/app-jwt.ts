import { createSign } from 'node:crypto'

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * The App's own credential (docs.github.com, "Generating a JSON Web Token (JWT) for a GitHub App"): dated back
 * a minute against clocks that differ, good for nine more; GitHub allows ten in all.
 *
 * @param now epoch ms
 */
export function appJwt(appId: number, privateKey: string, now: number): string {
  const seconds = Math.floor(now / 1000)
  const claims = { iat: seconds - 60, exp: seconds + 9 * 60, iss: String(appId) }
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`
  return `${signed}.${createSign('RSA-SHA256').update(signed).sign(privateKey, 'base64url')}`
}
