import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compareReceipts } from '../../app/audit/compare/receipts.ts'
import type { Verdict } from '../../app/audit/compare/verdict.ts'
import { type Receipt, receiptLine, receiptsIn, receiptText } from '../../app/audit/receipt.ts'
import type { VerifyAsk } from '../../app/cli/deps.ts'
import { type LocalGitHub, startGitHub } from '../../app/sandbox/github/start.ts'
import { createPerson, type Person } from '../../app/sandbox/person.ts'
import { robot } from '../attacks/support/robot.ts'
import { noteSigner } from '../support/checkpoints.ts'
import { gitsudo } from './harness.ts'

const marks = { checkpoints: 0, faults: [], foreign: [], signatures: 0 }
const head = Buffer.from('0102', 'hex')
const intact: Verdict = {
  chain: { ok: true, events: 12, head, root: Buffer.from('03', 'hex'), marks },
  comparisons: [],
  exit: 0,
}
const broken: Verdict = {
  chain: {
    ...{ ok: false, events: 6, linked: false, seq: 7, what: 'leaf', expected: 'aa', found: 'bb' },
    ...{ consistentAfter: 5, more: [], head, marks },
  },
  comparisons: [{ of: 'anchors', outcome: 'unproven', said: 'no clone', details: [] }],
  exit: 1,
}
const env = { DATABASE_URL: 'postgres://x/y' }

describe('audit verify', () => {
  it('says that the chain is intact in the words that runbooks look for, and ends as the verdict says', async () => {
    const answer = await gitsudo(['audit', 'verify'], { verify: async () => intact, env })
    expect(answer).toMatchObject({ status: 0, out: 'Chain intact: 12 events verified\n', err: '' })
    const open = await gitsudo(['audit', 'verify'], { verify: async () => ({ ...intact, exit: 3 }), env })
    expect(open.status).toBe(3)
  })

  it('says where it breaks, to people and to programs', async () => {
    const verify = async () => broken
    expect(await gitsudo(['audit', 'verify'], { verify, env })).toMatchObject({
      status: 1,
      out: 'Chain broken at event 7: leaf\nExpected aa\nFound    bb\n5 events after it are consistent with each other\nAnchors: unproven: no clone\n',
    })
    const { out } = await gitsudo(['audit', 'verify', '-o', 'json'], { verify, env })
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      fault: { seq: 7, what: 'leaf', expected: 'aa', found: 'bb', consistent_after: 5 },
      comparisons: [{ of: 'anchors', outcome: 'unproven' }],
    })
  })

  it('says how old the newest anchor is, to people and to programs', async () => {
    const newestAnchor = { size: 10, at: Date.UTC(2026, 11, 1), ageMs: 3 * 3_600_000 + 1 }
    const verify = async () => ({ ...intact, notAnchored: { count: 2, first: 11 }, newestAnchor })
    expect((await gitsudo(['audit', 'verify'], { verify, env })).out).toContain(
      'Sealed, not anchored: 2 events, from 11 on\nNewest anchor: over 10 events, of 2026-12-01T00:00:00.000Z, 3 hours old\n',
    )
    const { out } = await gitsudo(['audit', 'verify', '-o', 'json'], { verify, env })
    expect(JSON.parse(out)).toMatchObject({
      not_anchored: { count: 2, first: 11 },
      newest_anchor: { size: 10, at: '2026-12-01T00:00:00.000Z', age_seconds: 10_800 },
    })
  })

  it('draws a bar on a terminal only, and leaves nothing of it', async () => {
    let now = 0
    const clock = { now: () => now }
    const verify = async (ask: VerifyAsk) => {
      now = 5_000
      ask.progress?.(250, 1_000)
      now = 5_050
      ask.progress?.(999, 1_000)
      return intact
    }
    expect((await gitsudo(['audit', 'verify'], { verify, env })).err).toBe('')
    let drawn = ''
    const write = (text: string) => {
      drawn += text
    }
    const err = { write, isTTY: true, columns: 80 }
    now = 0
    await gitsudo(['audit', 'verify'], { verify, err, clock, env: { ...env, NO_COLOR: '1' } })
    expect(drawn).toContain('25 %  50 events/s  15 s left')
    // Not drawn again so soon.
    expect(drawn).not.toContain('99 %')
    expect(drawn.endsWith('\r\u001b[K')).toBe(true)
  })

  it('takes keys as text, refuses what is none, and begins in the middle only at a signed checkpoint', async () => {
    const { key } = noteSigner('acme')
    let asked: VerifyAsk | undefined
    const verify = async (ask: VerifyAsk) => {
      asked = ask
      return intact
    }
    await gitsudo(['audit', 'verify', '--key', key.text, '--since', '40'], { verify, env })
    expect(asked).toMatchObject({ keys: [key.text], since: { seq: 40 } })
    expect((await gitsudo(['audit', 'verify', '--since', '40'], { verify, env })).status).toBe(2)
    const bad = `${key.text.slice(0, -4)}AAAA`
    expect((await gitsudo(['audit', 'verify', '--key', bad], { verify, env })).status).toBe(2)
  })
})

describe('receipts', () => {
  const leaf = (byte: number) => Buffer.alloc(32, byte)
  it('are read as they are written, with the checkpoint or without', () => {
    const checkpoint = { size: 15, root: leaf(9) }
    const comment = [
      receiptLine(receiptText({ seq: 12, leaf: leaf(1) }, checkpoint)),
      receiptLine(receiptText({ seq: 3, leaf: leaf(2) }, undefined)),
    ].join('\n')
    expect(receiptsIn(7, comment)).toEqual([
      { pull: 7, seq: 12, leaf: '01'.repeat(32), checkpoint },
      { pull: 7, seq: 3, leaf: '02'.repeat(32) },
    ])
  })

  it('are no words of a requester’s in the same comment', () => {
    const said = receiptText({ seq: 999, leaf: leaf(3) }, undefined)
    for (const words of [
      `- \`req_1\` is **refused**: no role \`${said}\``,
      `  - reason: receipt: ${said}`,
      `  - receipt: ${said} is what I ask for`,
      `   - receipt: ${said}`,
    ])
      expect(receiptsIn(7, `<!-- gitsudo:1:7 -->\n${words}\n`)).toEqual([])
  })

  it('are at fault under a checkpoint of fewer events than their own', () => {
    const checkpoint = { size: 4, root: leaf(9) }
    const receipt: Receipt = { pull: 1, seq: 5, leaf: 'ab', checkpoint }
    expect(compareReceipts([receipt], new Map([['ab', 5]]), 10, [])).toMatchObject({
      outcome: 'fault',
      details: ['#1: event 5 cannot be under the checkpoint of 4 events that it names'],
    })
  })

  it.each([
    ['at its place', 5, 5, 'agrees', 0],
    ['at another', 5, 6, 'fault', 0],
    ['nowhere', 5, undefined, 'fault', 5],
    ['past the end', 12, undefined, 'skipped', 12],
  ])('a leaf %s', (_, seq, found, outcome, beyond) => {
    const receipt: Receipt = { pull: 1, seq, leaf: 'ab' }
    const places = new Map(found === undefined ? [] : [['ab', found]])
    expect(compareReceipts([receipt], places, 10, [])).toMatchObject({ outcome, beyond })
  })
})

describe('what GitHub says', () => {
  let dir = ''
  let github: LocalGitHub
  let alice: Person
  let at: Parameters<typeof createPerson>[1]
  let asked: VerifyAsk | undefined
  const verify = async (ask: VerifyAsk) => {
    asked = ask
    return intact
  }
  const command = () => [
    ...['audit', 'verify', '--repo', 'acme/access', '--token', alice.token, '--api-url', github.apiUrl],
  ]
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gitsudo-cli-'))
    github = await startGitHub({ dir, clock: { now: () => Date.now() } })
    await github.admin.createOrg({ login: 'acme' })
    const account = await github.admin.createUser({ login: 'alice' })
    await github.admin.createRepository({ owner: 'acme', name: 'access', files: { 'README.md': 'x\n' } })
    await github.admin.setPermission('acme/access', 'alice', 'write')
    at = { apiUrl: github.apiUrl, gitUrl: github.url, repository: 'acme/access', dir }
    alice = createPerson(account, at)
  })
  afterAll(async () => {
    await github.close()
    await rm(dir, { recursive: true, force: true })
  })

  it('receipts of gitsudo’s App, and of nobody else', async () => {
    await alice.push('word', 'word', { 'requests/README.md': 'how to ask\n' })
    const { number: pull } = await alice.openPull('word', 'word')
    const comment = (seq: number) => ({
      body: `<!-- gitsudo:1:1 -->\n${receiptLine(receiptText({ seq, leaf: Buffer.alloc(32, seq) }, undefined))}\n`,
    })
    const where = { github, clock: { now: () => Date.now() }, repository: { fullName: 'acme/access' } }
    const [ours, others] = [await robot(where, 'gitsudo'), await robot(where, 'workflow')]
    const path = `/issues/${pull}/comments`
    for (const [seq, write] of [
      [1, ours],
      [2, others],
      [3, others],
    ] as const)
      expect((await write(path, comment(seq))).status).toBe(201)
    // A person, also through gitsudo's App: he may write whatever he likes.
    const through = github.admin.createUserToken('alice', { app: 'gitsudo' })
    for (const token of [alice.token, through])
      expect(
        (await createPerson({ ...alice, token }, at).api('POST', `/repos/acme/access${path}`, comment(4)))
          .status,
      ).toBe(201)

    const { body: listed } = await alice.api('GET', `/repos/acme/access${path}`)
    const ids = (listed as readonly { performed_via_github_app: { id: number } | null }[]).map(
      ({ performed_via_github_app: app }) => app?.id,
    )
    expect(ids).toEqual([ids[0], ids[1], ids[1], undefined, ids[0]])
    const [app, other] = ids
    const receipt = { pull, seq: 1, leaf: '01'.repeat(32) }
    const forged = [{ app: `${other} (workflow)`, receipts: 2 }]
    const said = async (more: readonly string[], named = {}) => {
      expect(await gitsudo([...command(), ...more], { verify, env: { ...env, ...named } })).toMatchObject({
        status: 0,
      })
      return asked?.github
    }
    expect(await said(['--app', `${app}`])).toMatchObject({ app, receipts: [receipt], others: forged })
    expect(await said([], { GITSUDO_GITHUB_APP_ID: `${app}` })).toMatchObject({ receipts: [receipt] })
    const unknown = await said([])
    expect(unknown?.app).toBeUndefined()
    expect(unknown).toMatchObject({
      receipts: [],
      others: [{ app: `${app} (gitsudo)`, receipts: 1 }, ...forged],
    })
    expect((await gitsudo([...command(), '--app', 'gitsudo'], { verify, env })).status).toBe(2)
    expect((await gitsudo(['audit', 'verify', '--app', '7'], { verify, env })).status).toBe(2)
    const named = { ...env, GITSUDO_GITHUB_APP_ID: 'gitsudo' }
    expect((await gitsudo(command(), { verify, env: named })).status).toBe(2)
    // Without --repo nobody's receipts are compared: what the environment says of the App is not asked.
    for (const offline of [[], ['--offline']])
      expect(await gitsudo(['audit', 'verify', ...offline], { verify, env: named })).toMatchObject({
        status: 0,
        err: '',
      })
  })

  it('merged pull requests, and which of them brought requests', async () => {
    await alice.push('ask', 'ask', { 'requests/2026/12/alice.yaml': 'x\n' })
    const { number: pull } = await alice.openPull('ask', 'ask')
    await alice.merge(pull)
    expect(await gitsudo(command(), { verify, env })).toMatchObject({ status: 0, err: '' })
    expect(asked?.github?.merged.map(({ number }) => number)).toEqual([pull])
    expect(await asked?.github?.addsRequests(pull)).toBe(true)

    await alice.push('words', 'words', { 'requests/README.md': 'how to ask\n' })
    const { number: word } = await alice.openPull('words', 'words')
    expect(await asked?.github?.addsRequests(word)).toBe(false)
    await gitsudo([...command(), '--branch', 'live'], { verify, env })
    expect(asked).toMatchObject({ branch: 'live', github: { merged: [] } })
  })
})
