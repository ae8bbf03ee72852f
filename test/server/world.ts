import type { Decision, RequestDecision } from '../../app/decision/decision.ts'
import type { Account } from '../../app/reconcile/ports/github.ts'
import type { Sealed } from '../../app/reconcile/ports/ledger.ts'
import type { Log } from '../../app/reconcile/ports/log.ts'
import type { GrantRow, RequestFilter, RequestRow, StatusRow } from '../../app/reconcile/ports/store.ts'
import { requestId } from '../../app/request/id.ts'
import type { ServerDeps } from '../../app/server/deps.ts'
import { createServer } from '../../app/server/server.ts'

export const now = Date.parse('2026-12-01T12:00:00Z')
export const people = {
  alice: { id: 1, login: 'alice', type: 'User' },
  bob: { id: 2, login: 'bob', type: 'User' },
  carol: { id: 3, login: 'carol', type: 'User' },
  admin: { id: 9, login: 'admin', type: 'User' },
  auditor: { id: 8, login: 'auditor', type: 'User' },
  mallory: { id: 66, login: 'mallory', type: 'User' },
  robot: { id: 77, login: 'robot[bot]', type: 'Bot' },
} as const satisfies Record<string, Account>

export const activePath = 'requests/2026/12/alice-prod.yaml'
export const active = requestId(123456, 7, activePath)
export const waitingPath = 'requests/2026/12/bob-read.yaml'
export const waiting = requestId(123456, 8, waitingPath)
export const foreign = requestId(777, 1, activePath)

function decision(id: RequestDecision['id'], path: string, pull: number): Decision {
  return {
    at: now - 1_000,
    moment: 'forecast',
    repository: 123456,
    pull,
    headSha: 'a'.repeat(40),
    policyCommit: 'b'.repeat(40),
    verdict: 'action_required',
    summary: 'Waiting for one of group sre.',
    tree: {
      rule: 'pull_request',
      title: 'pull request',
      outcome: 'met',
      needed: 'one file',
      had: 'one file',
      children: [],
    },
    requests: [
      {
        id,
        path,
        blob: 'c'.repeat(40),
        verdict: 'action_required',
        summary: 'Waiting for one of group sre.',
        tree: {
          rule: 'request',
          title: 'alice → prod-admin',
          outcome: 'waiting',
          needed: '1 of group sre',
          had: 'none',
          children: [],
        },
        faults: [],
        hints: [],
        tier: 'human',
        requirements: [
          {
            policy: 'two-person',
            label: 'group sre',
            count: 1,
            reason: 'production',
            eligible: [people.carol],
            metBy: [],
          },
        ],
        approvedBy: [people.carol],
      },
    ],
  }
}

function row(
  id: RequestRow['id'],
  path: string,
  pull: number,
  who: Account,
  more: Partial<RequestRow> = {},
): RequestRow {
  return {
    id,
    repository: 123456,
    pull,
    path,
    state: 'pending',
    headSha: 'a'.repeat(40),
    blob: 'c'.repeat(40),
    requester: { login: who.login, id: who.id },
    provider: 'mock',
    role: 'prod-admin',
    scope: '123456789012',
    durationSeconds: 7_200,
    reason: 'INC-4421 tasks crash-looping',
    metadata: {},
    author: who,
    decision: decision(id, path, pull),
    openedAt: now - 600_000,
    version: 1,
    ...more,
  }
}

const grant: GrantRow = {
  id: active,
  repository: 123456,
  pull: 7,
  requester: people.alice,
  provider: 'mock',
  role: 'prod-admin',
  scope: '123456789012',
  reason: 'INC-4421 tasks crash-looping',
  metadata: {},
  state: 'active',
  bindingKey: 'k',
  startsAt: now - 60_000,
  endsAt: now + 7_140_000,
  tries: 0,
  activeAt: now - 59_000,
  version: 3,
}

export const rows: readonly StatusRow[] = [
  { request: row(active, activePath, 7, people.alice, { state: 'granted' }), grant },
  { request: row(waiting, waitingPath, 8, people.bob) },
  { request: row(foreign, activePath, 1, people.mallory, { repository: 777 }) },
]

export function sealed(
  seq: number,
  type: Sealed['event']['type'],
  who: Account | undefined,
  request?: string,
): Sealed {
  return {
    seq,
    event: {
      v: 1,
      type,
      at: new Date(now - 100_000 + seq * 1_000).toISOString(),
      actor:
        who === undefined
          ? { kind: 'system', id: 'sweeper' }
          : { kind: 'user', id: String(who.id), login: who.login },
      ...(request === undefined ? {} : { request }),
      data: {},
    },
    body: new Uint8Array(),
    leaf: new Uint8Array([seq]),
  }
}

const ledger = [
  sealed(1, 'request.created', people.alice, active),
  sealed(2, 'request.created', people.bob, waiting),
  sealed(3, 'request.approved', people.carol, active),
  sealed(4, 'grant.issued', undefined, active),
  sealed(5, 'policy.loaded', undefined),
]

export type Line = {
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A server over plain functions: what they were told is in `told`, what was logged in `lines`. */
export function world(over: Partial<ServerDeps> = {}) {
  const told: unknown[] = []
  const lines: Line[] = []
  const line =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
      lines.push({ level, message, fields })
    }
  const log: Log = { info: line('info'), warn: line('warn'), error: line('error'), alert: line('alert') }
  const known: readonly Account[] = [people.alice, people.bob, people.carol]
  const deps: ServerDeps = {
    clock: { now: () => now },
    log,
    facts: {
      version: '0.1.0',
      instance: 'acme.example',
      github: { apiUrl: 'https://api.github.com', webUrl: 'https://github.com', clientId: 'Iv23abc' },
      repositories: [
        { id: 123456, name: 'acme/access', branch: 'main', merge: 'manual' },
        { id: 777, name: 'other/access', branch: 'main', merge: 'manual' },
      ],
      administrators: [people.admin.id],
      auditors: [people.auditor.id],
    },
    intake: async (headers, body) => {
      told.push(['intake', headers['x-github-delivery'], Buffer.from(body).toString()])
      return headers['x-hub-signature-256'] === 'good'
        ? { status: 202, body: { status: 'accepted' } }
        : { status: 401, body: { status: 'bad signature' } }
    },
    caller: async (token) => {
      told.push(['caller', token])
      return Object.values(people).find(({ login }) => `token-${login}` === token)
    },
    readable: async ({ id }) => ({ known: known.some((one) => one.id === id) ? [123456] : [], unread: [] }),
    peopleNamed: async (user) =>
      known.flatMap(({ id, login }) =>
        [login, `${login}@acme.example`].includes(user.toLowerCase()) ? [{ repository: 123456, id }] : [],
      ),
    status: async (filter: RequestFilter) =>
      rows.filter(
        ({ request, grant: granted }) =>
          (filter.id === undefined || request.id === filter.id) &&
          (filter.repository === undefined || request.repository === filter.repository) &&
          (filter.requesterId === undefined || request.requester?.id === filter.requesterId) &&
          (filter.requesterLogin === undefined || request.requester?.login === filter.requesterLogin) &&
          (filter.provider === undefined || request.provider === filter.provider) &&
          (filter.state === undefined || (granted?.state ?? request.state) === filter.state),
      ),
    request: async (id) => (await deps.status({ id })).find(({ request }) => request.id === id),
    revoke: async (ask) => void told.push(['revoke', ask]),
    credentials: async (id, requester) => {
      told.push(['credentials', id, requester.id])
      return {
        ok: true,
        environment: { MOCK_TOKEN: 'swordfish-swordfish' },
        files: { MOCK_FILE: 'kept-in-a-file' },
        expiresAt: now + 60_000,
      }
    },
    events: async function* (filter) {
      for (const one of ledger.toReversed()) {
        if (filter.request !== undefined && one.event.request !== filter.request) continue
        const at = Date.parse(one.event.at)
        if (at < (filter.since ?? at) || at >= (filter.until ?? at + 1)) continue
        yield one
      }
    },
    policies: async () => [
      { name: 'roles', type: 'eligibility', enabled: true, repository: 123456, commit: 'b'.repeat(40) },
      { name: 'roles', type: 'eligibility', enabled: true, repository: 777, commit: 'd'.repeat(40) },
    ],
    override: async (command) => {
      told.push(['override', command])
      return command.seconds === undefined
        ? { kind: 'ended' }
        : { kind: 'asked', until: now + 3_600_000, others: [] }
    },
    evaluate: async (question) => {
      told.push(['evaluate', question])
      return {
        allowed: false,
        reason: 'not in group sre',
        policies: [],
        assumed: { 'user.trust_tier': 4 },
      }
    },
    reloadPolicies: async () => ({ policies: 3, troubles: [] }),
    readiness: async () => [{ name: 'database', up: true, detail: 'answers' }],
    repositories: async () => [
      {
        id: 123456,
        acceptedCommit: 'b'.repeat(40),
        troubles: ['branch protection does not require the check from this App'],
        off: [{ name: 'roles', off: { kind: 'override', until: now + 60_000, by: ['admin', 'second'] } }],
      },
      { id: 777, troubles: [], off: [{ name: 'roles', off: { kind: 'by hand' } }] },
    ],
    metrics: async () => ({
      contentType: 'text/plain; version=0.0.4',
      text: 'gitsudo_grants{state="active"} 1\n',
    }),
    ...over,
  }
  return { deps, told, lines, server: createServer(deps, { graceMs: 50 }) }
}
