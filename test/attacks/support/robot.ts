import { createSign } from 'node:crypto'
import { expect } from 'vitest'
import type { AttackWorld } from './world.ts'

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

type World = Pick<AttackWorld, 'clock'> & {
  readonly github: Pick<AttackWorld['github'], 'admin' | 'apiUrl'>
  readonly repository: Pick<AttackWorld['repository'], 'fullName'>
}

/** Another App on the access repository, that may write to pull requests and checks; answers how to call GitHub as it. */
export const robot = async (t: World, slug: string) => {
  const { admin, apiUrl } = t.github
  const { id, privateKey } = admin.createApp({
    slug,
    permissions: { pull_requests: 'write', checks: 'write', contents: 'write', metadata: 'read' },
  })
  const installation = admin.installApp(slug, t.repository.fullName)
  const call = async (token: string, path: string, body: object) => {
    const response = await fetch(`${apiUrl}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: response.status, body: (await response.json()) as { readonly token?: string } }
  }
  // "Generating a JSON Web Token (JWT) for a GitHub App", docs.github.com
  const now = Math.floor(t.clock.now() / 1000)
  const claims = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: now - 30, exp: now + 300, iss: String(id) })}`
  const jwt = `${claims}.${createSign('RSA-SHA256').update(claims).sign(privateKey, 'base64url')}`
  const { status, body } = await call(jwt, `/app/installations/${installation}/access_tokens`, {})
  expect(status).toBe(201)
  const { token } = body
  if (token === undefined) throw new Error('GitHub gave no token')
  return (path: string, of: object) => call(token, `/repos/${t.repository.fullName}${path}`, of)
}
