import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, test } from 'vitest'
import type { Verdict } from '../../app/audit/compare/verdict.ts'
import type { AuditAccess, CliDeps, LedgerAccess, LocalPolicies, Replay } from '../../app/cli/deps.ts'
import { Failure } from '../../app/cli/failure.ts'
import { fields, table } from '../../app/cli/terminal/table.ts'
import { untilEnd } from '../../app/cli/until-end.ts'
import { localPolicies } from '../../app/compose/policies.ts'
import { PolicyLoadError } from '../../app/policy/policy-fault.ts'
import { absent, gitsudo } from './harness.ts'

/** Clears the screen, changes colours, turns letters around, and begins a line of its own. */
const evil = 'x\u001b[2J\u001b[35m\u009b1m\u202e\r\nforged'
const id = `req_${'0'.repeat(26)}`
const at = '2026-12-01T12:00:00Z'

const decision = {
  ...{ verdict: 'denied', pull: 1, at: 0, summary: evil, tree: { title: '', children: [] } },
  requests: [
    {
      ...{ id, path: evil, verdict: 'denied', summary: evil, faults: [], hints: [evil] },
      tree: { title: '', children: [] },
      requirements: [{ label: evil, count: 1, metBy: [], eligible: [{ id: 1, login: evil }] }],
    },
  ],
}
const row = {
  ...{ id: evil, state: evil, requester: evil, provider: evil, role: evil, scope: evil, reason: evil },
  ...{ approvers: [evil], repository: 'acme/access', repository_id: 1, pull_request: 1, path: evil },
  ...{ pull_request_url: evil, head_sha: 'a'.repeat(40), opened_at: evil, cause: evil, note: evil },
  ...{ expires_at: evil, active_at: evil },
}
const off = { until: at, by: [evil] }
const problem = { status: 503, detail: evil, remedy: evil, instance: evil }
const configuration = (url: string) => ({
  github_api_url: `${url}/github`,
  login: 'alice',
  repositories: [{ id: 1, name: 'acme/access', branch: 'main', merge: 'manual' }],
})

/** What the service and GitHub say, by method and path; else a problem. */
let answers: Readonly<Record<string, unknown>> = {}
const github = {
  'GET /github/repos/acme/access/git/ref/heads%2Fmain': { object: { sha: 'a' } },
  'POST /github/repos/acme/access/git/refs': {},
  'POST /github/repos/acme/access/pulls': { number: 1, html_url: evil },
  'POST /github/repos/acme/access/pulls/1/reviews': {},
}
const signingIn = {
  'POST /github/login/device/code': {
    ...{ device_code: 'code', user_code: evil, verification_uri: evil, expires_in: 900 },
  },
  'POST /github/login/oauth/access_token': { access_token: 'token' },
  'GET /api/v1/client-configuration': { github_api_url: '', login: evil, repositories: [] },
}
let url = ''
const server = createServer((request, response) => {
  const asked = `${request.method} ${request.url?.replace(/\?.*/, '')}`
  const known: Readonly<Record<string, unknown>> = {
    'GET /api/v1/client-configuration': configuration(url),
    'GET /api/v1/login': { client_id: 'id', github_url: `${url}/github` },
    ...github,
    ...answers,
  }
  const is = (name: string) => asked === name || (name.endsWith('*') && asked.startsWith(name.slice(0, -1)))
  const name = Object.keys(known).find(is)
  const put = asked.startsWith('PUT /github/')
  const lacks = asked.startsWith('GET /github/')
  const status = name !== undefined || put ? 200 : lacks ? 404 : 503
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(name === undefined ? (put ? {} : problem) : known[name]))
})
beforeAll(async () => {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(
  () =>
    new Promise<void>((done) => {
      server.close(() => done())
      server.closeAllConnections()
    }),
)

/** Once without colours and once with them: the evil text is told, and only lines and colours of ours are in it. */
const tame = (text: string) => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours that the command line has.
  const shown = text.replace(/\u001b\[(?:1|2|22|31|32|33|36|39)m/g, '')
  expect(shown).toContain('U+001B[2JU+001B[35m')
  expect(shown).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
  expect(shown).not.toMatch(/^forged/m)
}
const told = async (argv: readonly string[], deps: Partial<CliDeps> = {}) => {
  let out = ''
  let err = ''
  const terminal = {
    write: (text: string) => {
      out += text
    },
    isTTY: true,
    columns: 10_000,
  }
  const more = {
    ...deps,
    env: { GITSUDO_SERVER: url, GITSUDO_TOKEN: 'token', GITSUDO_DATABASE_URL: 'x', TERM: 'xterm' },
  }
  const plainly = await gitsudo(argv, more)
  err = plainly.err
  await gitsudo(argv, { ...more, out: terminal })
  return { ...plainly, err, coloured: out }
}

const local = (over: Partial<LocalPolicies>): Partial<CliDeps> => ({
  localPolicies: async () => ({
    check: absent,
    test: absent,
    evaluate: absent,
    close: async () => undefined,
    ...over,
  }),
})
const fault = { file: evil, line: 1, column: 1, code: 'package', message: evil, remedy: evil } as const
const ledger = (over: Partial<LedgerAccess>): Partial<CliDeps> => ({
  openExport: async () => ({
    prove: absent,
    proveGrowth: absent,
    report: absent,
    close: async () => undefined,
    ...over,
  }),
  writeFile: async () => ({}) as never,
})
const exporting = {
  openAudit: async (): Promise<AuditAccess> => {
    throw new Error(evil)
  },
}
const exported: Partial<CliDeps> = {
  openAudit: async (): Promise<AuditAccess> => ({
    ...{ prove: absent, proveGrowth: absent, report: absent, close: async () => undefined },
    export: async () => ({ first: 1, last: 2 }),
  }),
  writeFile: async (_, work) => work(async () => undefined),
}
const verdict: Verdict = {
  chain: {
    ...{ ok: false, events: 6, linked: false, seq: 7, what: 'leaf', expected: evil, found: evil },
    ...{ consistentAfter: 5, more: [], head: Buffer.alloc(1) },
    marks: { checkpoints: 0, faults: [], foreign: [], signatures: 0 },
  },
  comparisons: [{ of: 'anchors', outcome: 'fault', said: evil, details: [evil] }],
  lost: { count: 1, by: evil, expected: false, known: [evil] },
  exit: 1,
}
const verifying = { verifySegments: async () => undefined, proofIn: async () => undefined }
const segment = { file: evil, origin: evil, first: 1, last: 2, head: '', end: '' }
const replay: Replay = {
  ...{ seq: 1, type: evil, at: evil, verdict: evil, outcome: 'different', missing: [evil], notes: [evil] },
  differences: [{ about: evil, policy: evil, recorded: evil, found: evil }],
}
const binding = { grant: evil, handle: evil, principal: evil, role: evil, scope: evil }
const unread = [{ place: evil, kind: 'forbidden' as const, why: evil }]
const ask = ['--provider', 'mock', '--role', 'r', '--scope', 's', '--duration', '1h', '--reason', 'INC-1']
const rego = 'package jitsudo.eligibility\n\ndefault allow = false\n'

test.each<[string, readonly string[], Partial<CliDeps>]>([
  [
    'policy check',
    ['policy', 'check'],
    local({
      check: async () => ({
        policies: [{ name: evil, type: 'approval', wasm: evil }],
        ...{ faults: [evil], notes: [evil] },
      }),
    }),
  ],
  [
    'policy test',
    ['policy', 'test'],
    local({ test: async () => ({ passed: 0, failed: 1, output: [evil] }) }),
  ],
  [
    'policy eval',
    ['policy', 'eval', '--dir', '.', '--input', '{}'],
    local({
      evaluate: async () => ({
        ...{ allowed: false, reason: evil, assumed: { [evil]: evil } },
        policies: [{ policy: evil, outcome: { why: '\u009b2J\u202e' } }],
      }),
    }),
  ],
  ['policy replay', ['policy', 'replay', id], { replay: async () => [replay] }],
  [
    'provider check',
    ['provider', 'check'],
    { checkProviders: async () => [{ provider: evil, found: [evil] }] },
  ],
  [
    'provider check, which cannot tell',
    ['provider', 'check'],
    { checkProviders: async () => [{ provider: evil, trouble: evil }] },
  ],
  [
    'provider list',
    ['provider', 'list'],
    { listProviders: async () => [{ provider: evil, found: [binding], unread }] },
  ],
  [
    'provider reconcile',
    ['provider', 'reconcile'],
    {
      reconcileProviders: async () => [
        { provider: evil, found: [{ finding: 'drift', grant: evil, why: evil }], unread },
      ],
    },
  ],
  ['audit verify', ['audit', 'verify'], { ...verifying, verify: async () => verdict }],
  [
    'audit verify of segments',
    ['audit', 'verify', 'file'],
    {
      ...verifying,
      verifySegments: async () => ({
        segments: [
          { ...segment, faults: [evil] },
          { ...segment, faults: [] },
        ],
        ...{ faults: [evil], unsigned: true },
      }),
    },
  ],
  [
    'audit prove',
    ['audit', 'prove', id, '--export', 'file'],
    ledger({ prove: async () => ({ size: 1, proofs: [{ seq: 1, type: evil, text: '' }], tooNew: [] }) }),
  ],
  ['server init', ['server', 'init'], { initialise: async () => [evil] }],
  ['server key', ['server', 'key'], { publicKeys: async () => [evil] }],
  [
    'server rotate-key',
    ['server', 'rotate-key'],
    { rotateKey: async () => ({ file: evil, publicKey: evil, files: [evil, evil] }) },
  ],
])('%s', async (_, argv, deps) => {
  const { out, coloured } = await told(argv, deps)
  tame(out)
  tame(coloured)
})

test.each<[string, readonly string[], Readonly<Record<string, unknown>>]>([
  [
    'policy list',
    ['policy', 'list'],
    {
      'GET /api/v1/policies': [
        { name: evil, type: evil, enabled: false, override: off, repository: evil, commit: evil },
        { name: evil, type: evil, enabled: true, repository: evil, commit: evil },
      ],
    },
  ],
  ...(['asked', 'started', 'ended'] as const).map(
    (status): [string, readonly string[], Readonly<Record<string, unknown>>] => [
      `policy update: ${status}`,
      ['policy', 'update', '--name', evil, '--enabled', 'false'],
      {
        'POST /api/v1/policies/override': {
          ...{ name: 'a', repository: 'b', status, until: at, by: [evil], others: [{ by: evil, for: evil }] },
        },
      },
    ],
  ),
  [
    'policy eval at the service',
    ['policy', 'eval', '--input', '{}'],
    { 'POST /api/v1/policies/eval': { allowed: false, reason: evil, policies: [] } },
  ],
  ['login', ['login'], signingIn],
  ['policy apply', ['policy', 'apply', '-f', 'roles.rego'], {}],
  ['request', ['request', ...ask], { 'GET /api/v1/requests/*': { ...row, state: 'failed', decision } }],
  [
    'request that waits',
    ['request', ...ask],
    { 'GET /api/v1/requests/*': { ...row, state: 'pending', decision: { ...decision, at: 1 } } },
  ],
  ['status', ['status'], { 'GET /api/v1/requests': [row, { ...row, state: 'active' }] }],
  ['status of one', ['status', id], { 'GET /api/v1/requests/*': { ...row, decision } }],
  ['revoke', ['revoke', id], { 'POST /api/v1/requests/*': row, 'GET /api/v1/requests/*': row }],
  [
    'approve',
    ['approve', id],
    { 'GET /api/v1/requests/*': { ...row, state: 'pending', decision: { ...decision, at: 1 } } },
  ],
  [
    'audit',
    ['audit'],
    {
      'GET /api/v1/audit': [
        { seq: 1, type: evil, at: evil, actor: { kind: '', id: '', login: evil }, request: evil },
      ],
    },
  ],
  [
    'server status',
    ['server', 'status'],
    {
      'GET /readyz': { status: 'ready', components: [{ name: evil, up: true, detail: evil }] },
      'GET /api/v1/version': { version: evil, api: evil },
      'GET /api/v1/server/status': {
        ...{ version: evil, api: evil, instance: evil, ready: true, components: [] },
        repositories: [
          { id: 1, name: evil, troubles: [evil], policies_off: [{ name: evil, override: off }] },
          { id: 1, name: evil, accepted_commit: evil, troubles: [] },
        ],
      },
    },
  ],
  ['server version', ['server', 'version'], { 'GET /api/v1/version': { version: evil, api: evil } }],
  [
    'server reload-policies',
    ['server', 'reload-policies'],
    { 'POST /api/v1/server/reload-policies': { policies: 1, troubles: [{ repository: evil, why: evil }] } },
  ],
])('%s', async (_, argv, known) => {
  answers = known
  const { out, coloured } = await told(argv, { readText: async () => rego })
  expect(out, (await told(argv, { readText: async () => rego })).err).not.toBe('')
  tame(out)
  tame(coloured)
})

test.each<[string, readonly string[], Partial<CliDeps>, Readonly<Record<string, unknown>>]>([
  ['what the service says', ['status', id], {}, {}],
  ['what is in the way, while it is waited for', ['request', ...ask], {}, {}],
  [
    'whose identity it is for',
    ['exec', id, 'true'],
    {},
    { 'POST /api/v1/requests/*': { environment: {}, expires_at: at, principal: evil } },
  ],
  [
    'what a shell is for',
    ['shell', id],
    { atTerminal: true },
    {
      'GET /api/v1/requests/*': row,
      'POST /api/v1/requests/*': { environment: {}, expires_at: at },
    },
  ],
  [
    'what cannot be revoked',
    ['revoke', '--user', 'bob', '--all'],
    {},
    {
      'GET /api/v1/requests': [
        { ...row, id: evil, state: 'active' },
        { ...row, id: `${evil}2`, state: 'active' },
      ],
    },
  ],
  [
    'what a folder is at fault for',
    ['policy', 'check'],
    local({ check: async () => Promise.reject(new PolicyLoadError('invalid', [fault])) }),
    {},
  ],
  [
    'what is not listed',
    ['provider', 'list'],
    {
      listProviders: async () => [
        { provider: evil, trouble: evil },
        { provider: evil, found: [], traceless: true },
      ],
    },
    {},
  ],
  ['what a database says', ['audit', 'export', '--output', 'file'], exporting, {}],
  ['what a file is called', ['audit', 'export', '--output', evil], exported, {}],
  ['where to sign in', ['login'], {}, signingIn],
  ['what is on the command line', [evil], {}, {}],
  [
    'a failure',
    ['sweep', '--once'],
    { sweepOnce: () => Promise.reject(new Failure('unknown', evil, evil)) },
    {},
  ],
  ['a fault of ours', ['sweep', '--once'], { sweepOnce: () => Promise.reject(new Error(evil)) }, {}],
])('on standard error: %s', async (_, argv, deps, known) => {
  answers = known
  tame((await told(argv, deps)).err)
})

it('names a file of a folder, whatever it is called', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsudo-escapes-'))
  try {
    await mkdir(join(dir, 'policies'))
    await writeFile(join(dir, 'policies', `${evil}.rego`), rego)
    const open = (folder: string) => localPolicies(folder, { PATH: dir }, { now: () => 0 })
    const { status, out } = await gitsudo(['policy', 'check', dir], { localPolicies: open })
    expect(status).toBe(1)
    tame(out)
  } finally {
    await rm(dir, { recursive: true })
  }
})

it('says whatever a grant has become, beside a command', async () => {
  let said = ''
  const client = { get: async () => ({ state: evil }) as never }
  const clock = { now: () => 0 }
  const given = { id: evil, endsAt: 3_600_000, shell: false }
  const sleep = async (_: number, over?: AbortSignal) =>
    over?.aborted === true ? undefined : new Promise<void>((done) => setImmediate(done))
  const screen = {
    say: (text: string) => {
      said += text
    },
    hangUp: () => undefined,
  }
  await untilEnd({ clock, sleep }, client, given, screen, new AbortController().signal)
  tame(said.replace(/^\r\n|\r\n$/g, ''))
})

it('leaves JSON as it is', async () => {
  answers = { 'GET /api/v1/version': { version: evil, api: '1' } }
  const { out } = await told(['server', 'version', '-o', 'json'])
  expect(JSON.parse(out)).toEqual({ version: evil, api: '1' })
})

it('is in a table or a list of fields for whatever is no text of ours', () => {
  tame(table([evil], [[evil]]))
  tame(fields([['name', evil]]))
})
