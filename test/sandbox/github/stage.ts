import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createAppAuth } from '@octokit/auth-app'
import { Octokit } from 'octokit'
import { type LocalGitHub, startGitHub } from '../../../app/sandbox/github/start.ts'

const run = promisify(execFile)

export const EVENTS = [
  'check_run',
  'check_suite',
  'issue_comment',
  'issues',
  'membership',
  'merge_group',
  'pull_request',
  'pull_request_review',
  'push',
  'repository',
  'team',
]
export const PERMISSIONS = {
  checks: 'write',
  contents: 'write',
  issues: 'write',
  members: 'read',
  merge_queues: 'read',
  metadata: 'read',
  pull_requests: 'write',
} as const

export type Hook = {
  readonly event: string
  readonly headers: Record<string, string>
  readonly raw: string
  readonly payload: Record<string, unknown>
}

/** A clock that stands on the present and can be moved forward. */
export function movableClock() {
  let ahead = 0
  return {
    now: () => Date.now() + ahead,
    advance: (ms: number) => {
      ahead += ms
    },
  }
}

/** Receives webhooks; `answer` is the status it gives. */
export async function receiveHooks() {
  const hooks: Hook[] = []
  const waiting: (() => void)[] = []
  let answer = 202
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString()
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      )
      hooks.push({ event: headers['x-github-event'] ?? '', headers, raw, payload: JSON.parse(raw) })
      response.writeHead(answer).end()
      for (const wake of waiting.splice(0)) wake()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const find = (event: string, action?: string) =>
    hooks.filter((hook) => hook.event === event && (action === undefined || hook.payload.action === action))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    hooks,
    find,
    answerWith: (status: number) => {
      answer = status
    },
    /** The newest hook of that kind, once there are `count` of them. */
    async of(event: string, action?: string, count = 1): Promise<Hook> {
      for (;;) {
        const found = find(event, action)
        const last = found.at(-1)
        if (last && found.length >= count) return last
        await new Promise<void>((resolve) => {
          waiting.push(resolve)
        })
      }
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** A local GitHub with an organisation, a repository, three people and an App installed on it. */
export async function setStage(options: { rateLimits?: boolean } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'local-github-'))
  const clock = movableClock()
  const hub: LocalGitHub = await startGitHub({ dir: join(dir, 'github'), clock, ...options })
  const hooks = await receiveHooks()
  const { admin } = hub
  const alice = admin.createUser({ login: 'alice', email: 'alice@example.org' })
  const bob = admin.createUser({ login: 'bob', email: 'bob@example.org' })
  const root = admin.createUser({ login: 'root', email: 'root@example.org' })
  const stranger = admin.createUser({ login: 'stranger' })
  admin.createOrg({ login: 'octo', admins: ['root'] })
  const repository = await admin.createRepository({
    owner: 'octo',
    name: 'access',
    files: { 'README.md': '# access\n', 'requests/2026/01/old.yaml': 'old: true\n' },
  })
  for (const login of ['alice', 'bob']) admin.setPermission('octo/access', login, 'write')
  const app = admin.createApp({
    slug: 'gitsudo',
    name: 'gitsudo',
    owner: 'octo',
    webhookUrl: hooks.url,
    webhookSecret: 'hook-secret',
    permissions: PERMISSIONS,
    events: EVENTS,
  })
  const installationId = admin.installApp('gitsudo', 'octo/access')
  const at = { owner: 'octo', repo: 'access' }

  const quiet = {
    debug: () => undefined,
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
  }
  const common = { baseUrl: hub.apiUrl, log: quiet, throttle: { enabled: false }, retry: { enabled: false } }
  const as = (token?: string) => new Octokit({ ...common, ...(token === undefined ? {} : { auth: token }) })
  const asApp = (auth: Record<string, unknown> = {}) =>
    new Octokit({
      ...common,
      authStrategy: createAppAuth,
      auth: { appId: app.id, privateKey: app.privateKey, ...auth },
    })

  /** Runs git as a person would, with the token in a header; gives its output, or throws with it. */
  const git = async (cwd: string, token: string | null, ...args: string[]) => {
    const basic = Buffer.from(`x-access-token:${token}`).toString('base64')
    const auth =
      token === null
        ? {}
        : {
            GIT_CONFIG_COUNT: '1',
            GIT_CONFIG_KEY_0: 'http.extraHeader',
            GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
          }
    const { stdout, stderr } = await run('git', args, {
      cwd,
      env: {
        PATH: process.env.PATH,
        HOME: dir,
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_SYSTEM: '/dev/null',
        GIT_TERMINAL_PROMPT: '0',
        GIT_AUTHOR_NAME: 'Alice',
        GIT_AUTHOR_EMAIL: 'alice@example.org',
        GIT_COMMITTER_NAME: 'Alice',
        GIT_COMMITTER_EMAIL: 'alice@example.org',
        ...auth,
      },
    })
    return (stdout + stderr).trim()
  }

  /** One GraphQL mutation about a pull request, by its node id; gives what `selection` asks for. */
  const mutate = async (
    who: { token: string },
    mutation: string,
    input: Readonly<Record<string, unknown>>,
    selection: string,
  ): Promise<unknown> => {
    const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!`
    const text = `mutation change($input: ${type}) { ${mutation}(input: $input) { ${selection} } }`
    const answer = await as(who.token).graphql<Record<string, unknown>>(text, { input })
    return answer[mutation]
  }
  /** As only GraphQL can. */
  const setDraft = (who: { token: string }, pull: { node_id: string }, draft: boolean) =>
    mutate(
      who,
      draft ? 'convertPullRequestToDraft' : 'markPullRequestReadyForReview',
      { pullRequestId: pull.node_id },
      'pullRequest { isDraft }',
    )

  /** A branch with one changed file, made through the API, and a pull request from it. */
  const propose = async (who: { token: string }, branch: string, files: Record<string, string>) => {
    const client = as(who.token).rest
    const main = await client.git.getRef({ ...at, ref: 'heads/main' })
    await client.git.createRef({ ...at, ref: `refs/heads/${branch}`, sha: main.data.object.sha })
    await commitTo(who, branch, files)
    const pull = await client.pulls.create({ ...at, title: branch, head: branch, base: 'main' })
    return pull.data
  }
  const commitTo = async (
    who: { token: string },
    branch: string,
    files: Record<string, string>,
    force = false,
  ) => {
    const client = as(who.token).rest
    const from = (await client.git.getRef({ ...at, ref: force ? 'heads/main' : `heads/${branch}` })).data
      .object.sha
    const base = (await client.git.getCommit({ ...at, commit_sha: from })).data.tree.sha
    const tree = await client.git.createTree({
      ...at,
      base_tree: base,
      tree: Object.entries(files).map(([path, content]) => ({ path, mode: '100644', type: 'blob', content })),
    })
    const commit = await client.git.createCommit({
      ...at,
      message: `change ${branch}`,
      tree: tree.data.sha,
      parents: [from],
    })
    await client.git.updateRef({ ...at, ref: `heads/${branch}`, sha: commit.data.sha, force })
    return commit.data.sha
  }

  return {
    hub,
    admin,
    clock,
    hooks,
    dir,
    alice,
    bob,
    root,
    stranger,
    repository,
    app,
    installationId,
    at,
    as,
    asApp,
    git,
    propose,
    commitTo,
    mutate,
    setDraft,
    asInstallation: () => asApp({ installationId }),
    close: async () => {
      await hub.close()
      await hooks.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export type Stage = Awaited<ReturnType<typeof setStage>>

/** The status and message of the error that the promise ends in. */
export async function failureOf(promise: Promise<unknown>): Promise<{ status: number; message: string }> {
  try {
    await promise
  } catch (error) {
    const { status, message } = error as { status: number; message: string }
    return { status, message }
  }
  throw new Error('it did not fail')
}
