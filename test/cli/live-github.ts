import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { CliDeps } from '../../app/cli/deps.ts'
import type { Decision } from '../../app/decision/decision.ts'
import type { RequestState } from '../../app/grant/state.ts'
import type { Account } from '../../app/reconcile/ports/github.ts'
import type { StatusRow } from '../../app/reconcile/ports/store.ts'
import { requestId } from '../../app/request/id.ts'
import { type LocalGitHub, startGitHub } from '../../app/sandbox/github/start.ts'
import type { Server } from '../../app/server/server.ts'
import { now, world } from '../server/world.ts'
import { gitsudo } from './harness.ts'

type Pull = {
  number: number
  state: string
  title: string
  user: { login: string }
  head: { ref: string; sha: string }
  base: { ref: string }
}

let dir = ''
export let github: LocalGitHub
export let repository: { id: number }
let people: Record<'alice' | 'bob' | 'reader', Account & { token: string }>
let server: Server
let address = ''
/** What the service says of every request, and when it decided; each test begins with `pending`. */
export const told: { state: RequestState; decidedAt: number } = { state: 'pending', decidedAt: now }

/**
 * Gives the calling file a local GitHub and an API in front of it that says of each pull request there what a service
 * would.
 */
export const stageGitHub = (): void => {
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gitsudo-cli-'))
    github = await startGitHub({ dir, clock: { now: () => Date.now() } })
    await github.admin.createOrg({ login: 'acme' })
    const user = async (login: string) => ({
      type: 'User' as const,
      ...(await github.admin.createUser({ login })),
    })
    people = { alice: await user('alice'), bob: await user('bob'), reader: await user('reader') }
    repository = await github.admin.createRepository({
      owner: 'acme',
      name: 'access',
      private: true,
      files: { 'README.md': 'access\n' },
    })
    for (const [login, permission] of [
      ['alice', 'write'],
      ['bob', 'write'],
      ['reader', 'read'],
    ] as const)
      await github.admin.setPermission('acme/access', login, permission)
    const { deps } = world()
    const own = world({
      facts: {
        ...deps.facts,
        github: { apiUrl: github.apiUrl, webUrl: github.url, clientId: '' },
        repositories: [{ id: repository.id, name: 'acme/access', branch: 'main', merge: 'manual' }],
      },
      caller: async (token) => Object.values(people).find((person) => person.token === token),
      readable: async () => ({ known: [repository.id], unread: [] }),
      status: async ({ id }) =>
        (await rowsOf()).filter(({ request }) => id === undefined || request.id === id),
    })
    server = own.server
    address = await server.listen({ host: '127.0.0.1', port: 0 })
  })
  afterAll(async () => {
    await server.stop()
    await github.close()
    await rm(dir, { recursive: true, force: true })
  })
  beforeEach(() => {
    told.state = 'pending'
  })
}

export const token = () => people.alice.token

/** GitHub's answer to alice about the repository. */
export const api = async (path: string) => {
  const response = await fetch(`${github.apiUrl}/repos/acme/access${path}`, {
    headers: { authorization: `Bearer ${people.alice.token}` },
  })
  return response.json() as Promise<unknown>
}
export const pulls = async () => (await api('/pulls?state=all')) as Pull[]

/** What a service would say of the pull requests that are really there. */
export async function rowsOf(): Promise<readonly StatusRow[]> {
  return Promise.all(
    (await pulls()).map(async ({ number, head, user }): Promise<StatusRow> => {
      const [file] = (await api(`/pulls/${number}/files`)) as { filename: string; sha: string }[]
      const path = file?.filename ?? ''
      const id = requestId(repository.id, number, path)
      const decision: Decision = {
        at: told.decidedAt,
        moment: 'forecast',
        repository: repository.id,
        pull: number,
        headSha: head.sha,
        verdict: 'action_required',
        summary: 'Waiting for one of group sre.',
        tree: {
          rule: 'pull_request',
          title: 'pull request',
          outcome: 'met',
          needed: '',
          had: '',
          children: [],
        },
        requests: [
          {
            id,
            path,
            blob: file?.sha ?? '',
            verdict: 'action_required',
            summary: 'not in group sre',
            tree: {
              rule: 'request',
              title: 'request',
              outcome: 'waiting',
              needed: '',
              had: '',
              children: [],
            },
            faults: [],
            hints: ['30m would pass'],
            requirements: [
              {
                policy: 'p',
                label: 'group sre',
                count: 1,
                reason: '',
                eligible: [{ id: people.bob.id, login: 'bob' }],
                metBy: [],
              },
            ],
            approvedBy: [],
          },
        ],
      }
      const row = {
        id,
        repository: repository.id,
        pull: number,
        path,
        state: told.state,
        headSha: head.sha,
        blob: file?.sha ?? '',
        requester: { login: user.login },
        author: people.alice,
        decision,
        openedAt: now,
        version: 1,
      }
      return { request: row }
    }),
  )
}

/** A command line of this person's. */
export const as = (
  who: keyof typeof people,
  argv: readonly string[],
  over: Partial<CliDeps> = {},
  tick?: () => void,
) => gitsudo(argv, { env: { GITSUDO_SERVER: address, GITSUDO_TOKEN: people[who].token }, ...over }, tick)
