import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGitHub, type GitHubOptions } from '../../app/github/github.ts'
import { appManifest, events } from '../../app/github/manifest.ts'
import { createIntake } from '../../app/github/webhook.ts'
import type { WakeUp } from '../../app/reconcile/ports/queue.ts'
import type { Delivery } from '../../app/reconcile/ports/store.ts'
import { startGitHub } from '../../app/sandbox/github/start.ts'
import { rememberingLog } from './log.ts'

const people = { alice: 11, bob: 12, carol: 13, dave: 14, root: 15, erin: 16 }
export type Person = keyof typeof people

export type Stage = Awaited<ReturnType<typeof setStage>>

/**
 * The adapter against the local GitHub over real HTTP, deliveries included: `acme/access` (id 7) with the App
 * installed, and somebody of each kind. What people do is asked of the API with their own tokens.
 */
export const setStage = async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsudo-github-'))
  const time = { now: Date.parse('2026-01-05T10:00:00Z') }
  const clock = { now: () => time.now }
  const hub = await startGitHub({ dir, clock })
  const { admin } = hub

  const tokens = new Map<string, string>()
  for (const [login, id] of Object.entries(people)) tokens.set(login, admin.createUser({ login, id }).token)
  admin.createOrg({ login: 'acme', admins: ['root'] })
  const files = { 'README.md': '# access\n' }
  const { head } = await admin.createRepository({ owner: 'acme', name: 'access', id: 7, files })
  for (const login of ['alice', 'bob', 'dave']) admin.setPermission('acme/access', login, 'write')
  const app = admin.createApp({
    slug: 'gitsudo',
    owner: 'acme',
    webhookSecret: 'a secret',
    permissions: appManifest({ name: 'gitsudo', url: '', webhookUrl: '' }).default_permissions,
    events,
  })
  const installation = admin.installApp('gitsudo', 'acme/access')

  const { log, lines } = rememberingLog()
  const accepted: { readonly delivery: Delivery; readonly wake: readonly WakeUp[] }[] = []
  const door = { open: true }
  const intake = createIntake({
    secrets: ['a secret'],
    repositories: [{ id: 7, fullName: 'acme/access', branch: 'main' }],
    accept: async (delivery, wake) => {
      if (accepted.some((one) => one.delivery.guid === delivery.guid)) return 'known'
      accepted.push({ delivery, wake })
      return 'new'
    },
    log,
    clock,
  })
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks)
    if (!door.open) return response.writeHead(503).end()
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    )
    const answer = await intake(headers, body)
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body))
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  admin.setAppWebhook('gitsudo', { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` })

  const spent: { readonly installation: number; readonly cost: number }[] = []
  const held: { readonly installation: number; readonly until: number }[] = []
  const options: GitHubOptions = {
    baseUrl: hub.apiUrl,
    appId: app.id,
    privateKey: app.privateKey,
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    repositories: [{ id: 7, fullName: 'acme/access' }],
    budget: {
      takeBudget: async (of, cost) => {
        spent.push({ installation: of, cost })
        return { ok: true }
      },
      holdBudget: async (of, until) => {
        held.push({ installation: of, until })
      },
    },
    clock,
    log,
  }
  const make = (more: Partial<GitHubOptions> = {}) => createGitHub({ ...options, ...more })
  const github = make()

  /** The API as a person; throws with the answer when it is no success. */
  const as = async (login: Person, method: string, path: string, body?: object) => {
    const response = await fetch(`${hub.apiUrl}${path}`, {
      method,
      headers: { authorization: `token ${tokens.get(login)}`, 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? {} : JSON.parse(text)
  }
  /** A file on a branch of its own, in one commit; the commit's SHA. */
  const commit = async (login: Person, branch: string, path: string, content: string) => {
    const encoded = Buffer.from(content).toString('base64')
    const put = { message: `add ${path}`, content: encoded, branch }
    return (await as(login, 'PUT', `/repos/acme/access/contents/${path}`, put)).commit.sha as string
  }
  const propose = async (login: Person, branch: string) => {
    await as(login, 'POST', '/repos/acme/access/git/refs', { ref: `refs/heads/${branch}`, sha: head })
    const sha = await commit(login, branch, `requests/2026/01/${branch}.yaml`, branch)
    const made = await as(login, 'POST', '/repos/acme/access/pulls', {
      title: branch,
      head: branch,
      base: 'main',
    })
    return { number: made.number as number, sha }
  }

  return {
    dir,
    hub,
    admin,
    app,
    installation,
    time,
    tokens,
    github,
    api: github.repository(7),
    make,
    as,
    commit,
    propose,
    head: head ?? '',
    lines,
    accepted,
    door,
    spent,
    held,
    close: async () => {
      await hub.close()
      receiver.closeAllConnections()
      await new Promise((resolve) => receiver.close(resolve))
      await rm(dir, { recursive: true, force: true })
    },
  }
}
