import { generateKeyPairSync } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll } from 'vitest'
import { createGitHub } from '../../app/github/github.ts'
import { rememberingLog } from './log.ts'

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
})
export const now = Date.parse('2026-01-05T10:00:00Z')

let respond: RequestListener = (_request, response) => response.end()
/** What was asked since `setUp`. */
export const calls: {
  readonly method: string
  readonly url: string
  readonly authorization: string
  /** The API's version that was asked for. */
  readonly version: unknown
}[] = []
/** Knows the App, and nothing else of GitHub. */
const server = createServer((request, response) => {
  const { method = '', url = '' } = request
  const { authorization = '', 'x-github-api-version': version } = request.headers
  calls.push({ method, url, authorization, version })
  const json = (body: unknown) =>
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  if (url.endsWith('/installation')) return json({ id: 3 })
  if (url.endsWith('/access_tokens')) {
    response.statusCode = 201
    return json({
      token: 'ghs_secret',
      expires_at: '2026-01-05T11:00:00Z',
      permissions: {},
      repositories: [{ id: 7, name: 'access', full_name: 'Acme/access' }],
    })
  }
  return respond(request, response)
})

/** For the tests of the calling file. */
export const serve = (): void => {
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
}

/** What comes to everything but the App's own calls, from now on. */
export const answerWith = (listener: RequestListener): void => {
  respond = listener
}

/** The adapter against that server. `taken`: what the write budget says; `fullName`: as the repository is configured. */
export const setUp = (
  taken: { ok: true } | { ok: false; retryAt: number } = { ok: true },
  fullName = 'acme/access',
) => {
  const { log, lines } = rememberingLog()
  const held: unknown[] = []
  calls.length = 0
  const github = createGitHub({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3/`,
    appId: 1,
    privateKey,
    clientId: 'id',
    clientSecret: 'the client secret',
    repositories: [{ id: 7, fullName }],
    budget: {
      takeBudget: async () => taken,
      holdBudget: async (...hold) => {
        held.push(hold)
      },
    },
    clock: { now: () => now },
    log,
    timeoutMs: 400,
  })
  return { github, api: github.repository(7), held, lines }
}

/** The same JSON to everything. */
export const answer = (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) => {
  answerWith((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
  })
}
