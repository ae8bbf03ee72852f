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
import { noteSigner } from '../support/checkpoints.ts'
import { gitsudo } from './harness.ts'

const marks = { checkpoints: 0, faults: [], foreign: [], signatures: 0 }
const intact: Verdict = {
  chain: { ok: true, events: 12, head: Buffer.from('0102', 'hex'), root: Buffer.from('03', 'hex'), marks },
  comparisons: [],
  exit: 0,
}
const broken: Verdict = {
  chain: {
    ...{ ok: false, events: 6, linked: false, seq: 7, what: 'leaf', expected: 'aa', found: 'bb' },
    ...{ consistentAfter: 5, more: [], marks },
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
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'gitsudo-cli-'))
    github = await startGitHub({ dir, clock: { now: () => Date.now() } })
    await github.admin.createOrg({ login: 'acme' })
    const account = await github.admin.createUser({ login: 'alice' })
    await github.admin.createRepository({ owner: 'acme', name: 'access', files: { 'README.md': 'x\n' } })
    await github.admin.setPermission('acme/access', 'alice', 'write')
    alice = createPerson(account, {
      apiUrl: github.apiUrl,
      gitUrl: github.url,
      repository: 'acme/access',
      dir,
    })
  })
  afterAll(async () => {
    await github.close()
    await rm(dir, { recursive: true, force: true })
  })

  it('merged pull requests, and no receipt that a person wrote', async () => {
    await alice.push('ask', 'ask', { 'requests/2026/12/alice.yaml': 'x\n' })
    const { number: pull } = await alice.openPull('ask', 'ask')
    const body = `<!-- gitsudo:1:1 -->\nreceipt: event 1, leaf ${'0'.repeat(64)}`
    await alice.api('POST', `/repos/acme/access/issues/${pull}/comments`, { body })
    await alice.merge(pull)
    let asked: VerifyAsk | undefined
    const verify = async (ask: VerifyAsk) => {
      asked = ask
      return intact
    }
    const command = [
      'audit',
      'verify',
      '--repo',
      'acme/access',
      '--token',
      alice.token,
      '--api-url',
      github.apiUrl,
    ]
    expect(await gitsudo(command, { verify, env })).toMatchObject({ status: 0, err: '' })
    expect(asked?.github?.merged.map(({ number }) => number)).toEqual([pull])
    expect(asked?.github?.receipts).toEqual([])
    expect(await asked?.github?.addsRequests(pull)).toBe(true)

    await alice.push('word', 'word', { 'requests/README.md': 'how to ask\n' })
    const { number: word } = await alice.openPull('word', 'word')
    expect(await asked?.github?.addsRequests(word)).toBe(false)
    await gitsudo([...command, '--branch', 'live'], { verify, env })
    expect(asked).toMatchObject({ branch: 'live', github: { merged: [] } })
  })
})
