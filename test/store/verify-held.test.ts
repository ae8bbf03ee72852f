// What outsiders hold, put beside a database and an export: what was not compared agrees with nothing.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { leafHash, linkHash } from '../../app/audit/chain.ts'
import type { Receipt } from '../../app/audit/receipt.ts'
import { signEvent, signingKeyId } from '../../app/audit/signature.ts'
import { openExport } from '../../app/compose/audit.ts'
import { noteSigner } from '../support/checkpoints.ts'
import { type LedgerStage, now, stageLedger } from '../support/ledger-stage.ts'
import { type Tampering, tamperWith } from '../support/tampering.ts'

/** Sizes of its checkpoints and anchors: 21, 41, 60. */
let ledger: LedgerStage
let hands: Tampering
let earlier: string
let clone: string
let seen: string
beforeAll(async () => {
  ledger = await stageLedger(60, 20)
  hands = await tamperWith(ledger)
  earlier = await ledger.exported()
  clone = join(ledger.dir, 'earlier-clone')
  ledger.git(['clone', '--quiet', '--mirror', ledger.dir, clone])
  seen = ledger.newState()
  expect((await ledger.verify({ file: earlier, stateDir: seen })).exit).toBe(0)
})
afterEach(() => hands.restore())
afterAll(() => ledger.close())

const told = async (of: string, more: Parameters<LedgerStage['verify']>[0]) => {
  const { exit, comparisons } = await ledger.verify({ stateDir: ledger.newState(), ...more })
  const found = comparisons.find((one) => one.of === of)
  return { exit, outcome: found?.outcome, said: found?.said, details: found?.details }
}
const witnessOf = (...notes: readonly string[]) => [{ name: 'siem', text: notes.join('\n') }]

test('with the signing key, database and Git: only who holds a checkpoint from outside knows', async () => {
  const notes = await Promise.all([41, 60].map(hands.noteOf))
  const said = await readFile(earlier, 'utf8')
  const exported = said
    .split('\n')
    .flatMap((line) => (line.startsWith('{"checkpoint"') ? [JSON.parse(line).checkpoint] : []))
  await hands.rechain(58, (text) => text.replace('"reason":"reason 57"', '"reason":"a better one"'))
  const note = await hands.forge(60, undefined, ledger.signer)
  await hands.edit('update checkpoints set note = $1 where size = 60', [note])
  hands.appendAnchor({ checkpoint: note, keys: `${ledger.signer.key.text}\n` }, [ledger.anchors[1] ?? ''])
  const at60 = expect.stringContaining('(60 events): root')
  for (const where of [{ file: await ledger.exported() }, {}]) {
    expect((await told('witnesses', where)).exit).toBe(0)
    for (const held of [notes, exported])
      expect(await told('witnesses', { ...where, witnesses: witnessOf(...held) })).toMatchObject({
        exit: 1,
        details: [at60],
      })
    expect(await told('earlier run', { ...where, stateDir: seen })).toMatchObject({
      exit: 1,
      details: [at60],
    })
    expect(await told('anchors', { ...where, repositories: [clone] })).toMatchObject({
      exit: 1,
      details: [at60],
    })
  }
})

test('a trusted key of another ledger signs nothing in this one', async () => {
  const other = noteSigner('another')
  const id = signingKeyId(other.key.publicKey)
  const restored = signEvent(ledger.event(70, 'ledger.restored', {}, { repo: 99 }), { ...other, id })
  await ledger.seal(restored)
  await ledger.anchorNow()
  const keys = [ledger.signer.key.text, other.key.text]
  for (const where of [{ file: await ledger.exported() }, {}]) {
    const { chain } = await ledger.verify({ ...where, keys, stateDir: ledger.newState() })
    expect(chain).toMatchObject({ ok: false, seq: 61, what: 'data.sig', found: `one by ${id}` })
    const alone = await told('checkpoints', { ...where, keys: keys.slice(1) })
    expect(alone).toMatchObject({ exit: 1, outcome: 'fault' })
    expect(alone.details).toContain('none of the keys given is of test-instance')
  }
})

test('behind a break nothing is compared, and nothing said to agree', async () => {
  const witnesses = witnessOf(await hands.noteOf(21), await hands.noteOf(60))
  const late = witnessOf(await hands.noteOf(60))
  await hands.edit('delete from audit_events where seq = 30')
  for (const where of [{ file: await ledger.exported() }, {}]) {
    expect(await told('witnesses', { ...where, witnesses })).toMatchObject({
      exit: 1,
      outcome: 'agrees',
      said: '1 checkpoint that they hold agrees; 1 over more events than are verified not compared',
    })
    const none = { outcome: 'skipped', said: '1 over more events than are verified not compared' }
    expect(await told('witnesses', { ...where, witnesses: late })).toMatchObject(none)
    expect(await told('earlier run', { ...where, stateDir: seen })).toMatchObject(none)
    expect((await told('anchors', where)).said).toContain(
      '; 2 over more events than are verified not compared',
    )
  }
})

test('what is held of the part that --since leaves out is compared with its leaves', async () => {
  const witnesses = witnessOf(await hands.noteOf(21), await hands.noteOf(41))
  const since = { since: { seq: 61 }, witnesses, repositories: [] }
  expect(await told('witnesses', since)).toMatchObject({ outcome: 'agrees' })
  await hands.rechain(18, (text) => text.replace('"reason":"reason 17"', '"reason":"a better one"'))
  for (const size of hands.sizes)
    await hands.edit('update checkpoints set note = $2 where size = $1', [
      ...[size, await hands.forge(size, undefined, ledger.signer)],
    ])
  expect(await told('witnesses', since)).toMatchObject({
    exit: 1,
    details: [21, 41].map((size) => expect.stringContaining(`(${size} events): root`)),
  })
})

test('a row that is linked and no event is a fault, and hides nothing that comes after it', async () => {
  const [last] = (await hands.rows()).slice(-1)
  const leaf = leafHash(Buffer.from('{}'))
  await hands.edit(
    `insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id)
     select 61, '{}', $1, $2, type, at, actor_kind, actor_id from audit_events where seq = 60`,
    [leaf, linkHash(last?.chain ?? leaf, 61, leaf)],
  )
  await ledger.seal(ledger.event(70, 'request.created', {}, { repo: 1 }))
  const { note } = await ledger.anchorNow()
  await hands.edit("update audit_events set actor_login = 'mallory' where seq = 63")
  const chain = { ok: false, linked: true, events: 63, seq: 61, what: 'body', consistentAfter: 1 }
  for (const where of [{ file: await ledger.exported() }, {}]) {
    const { exit, comparisons, ...verdict } = await ledger.verify({
      ...{ ...where, stateDir: ledger.newState(), witnesses: witnessOf(note) },
    })
    expect(exit).toBe(1)
    expect(verdict.chain).toMatchObject(
      'file' in where
        ? { ...chain, consistentAfter: 2, more: [] }
        : { ...chain, more: [{ seq: 63, what: 'actorLogin' }] },
    )
    const outcomes = Object.fromEntries(comparisons.map(({ of, outcome }) => [of, outcome]))
    expect(outcomes).toMatchObject({ checkpoints: 'agrees', witnesses: 'agrees', 'foreign events': 'fault' })
    expect(comparisons).toContainEqual(expect.objectContaining({ of: 'merges', outcome: 'agrees' }))
  }
  const report = await (await openExport(await ledger.exported())).report({ since: 0, until: now })
  expect(report.ledger).toMatchObject({ events: 63 })
  expect(report.ledger.brokenAt).toBeUndefined()
  expect(report.anomalies).toContainEqual(
    expect.objectContaining({ kind: 'database changed', seq: 62, detail: 'event 61: not sealed by gitsudo' }),
  )
})

test("GitHub's merges and receipts: a file is asked about what it can know, a database about everything", async () => {
  const at = (ms: number) => new Date(now - ms).toISOString()
  const receipt = { pull: 5, seq: 60, leaf: (await hands.rows())[59]?.leaf.toString('hex') ?? '' }
  const later = { pull: 70, seq: 70, leaf: '0'.repeat(64), checkpoint: { size: 70, root: Buffer.alloc(32) } }
  const github = {
    repository: 1,
    merged: [5, 15, 70, 71].map((number) => ({ number, at: at(number < 70 ? 29 * 86_400_000 : 7_200_000) })),
    receipts: [receipt, later],
    addsRequests: async (pull: number) => pull === 70,
  }
  const said = async (more: Parameters<LedgerStage['verify']>[0]) => {
    const { exit, comparisons, lost } = await ledger.verify({ stateDir: ledger.newState(), github, ...more })
    const [, pulls] = comparisons.filter(({ of }) => of === 'merges')
    return { exit, lost, pulls, receipts: comparisons.find(({ of }) => of === 'receipts')?.said }
  }
  const receipts = '1 receipt in pull requests agrees; 1 of events after the last one not compared'
  expect(await said({ file: earlier })).toMatchObject({
    ...{ exit: 0, lost: undefined, receipts },
    pulls: {
      said: expect.stringMatching(/^those of GitHub's 2 .*, 2 merged within the grant window, or later/),
    },
  })
  expect(await said({})).toMatchObject({
    ...{ exit: 1, lost: { count: 10 }, receipts },
    pulls: { details: ['GitHub merged #70 with request files, and no event is about it'] },
  })
  expect(await said({ fromBackup: true })).toMatchObject({
    ...{ exit: 0, pulls: { outcome: 'agrees' } },
    lost: { known: expect.arrayContaining(['#70, which GitHub merged with request files']) },
  })
})

test('what other Apps wrote in the form of a receipt counts for nothing, and is named', async () => {
  const ours = { pull: 5, seq: 60, leaf: (await hands.rows())[59]?.leaf.toString('hex') ?? '' }
  const said = async (app: object, receipts: readonly Receipt[]) => {
    const others = [{ app: '15368 (github-actions)', receipts: 2 }]
    const github = { repository: 1, merged: [], ...app, receipts, others, addsRequests: async () => false }
    const { exit, outcome, said } = await told('receipts', { github })
    return [exit, outcome, said]
  }
  const others = '2 of 15368 (github-actions)'
  expect(await said({ app: 7 }, [ours])).toEqual([
    ...[0, 'agrees', `1 receipt in pull requests agrees; not gitsudo's: ${others}`],
  ])
  expect(await said({}, [])).toEqual([
    ...[3, 'unproven', `which App is gitsudo's was not said (--app): ${others}`],
  ])
  expect(await said({ app: 7 }, [])).toEqual([...[3, 'unproven', `none is of the App 7 (--app): ${others}`]])
})

test('a merged pull request of which GitHub does not list all files is unproven', async () => {
  const github = {
    ...{ repository: 1, receipts: [], merged: [{ number: 70, at: new Date(now - 7_200_000).toISOString() }] },
    addsRequests: async () => undefined,
  }
  expect(await ledger.verify({ stateDir: ledger.newState(), github })).toMatchObject({
    exit: 3,
    comparisons: expect.arrayContaining([
      expect.objectContaining({ outcome: 'unproven', said: expect.stringContaining('whether #70 did') }),
    ]),
  })
})

test('the branch whose merges grant need not be the main one', async () => {
  const main = ledger.git(['rev-parse', 'main'])
  ledger.point('live', main)
  const unknown = ledger.commit({ 'README.md': 'x', 'requests/2026/12/unknown.yaml': 'x' }, [main])
  ledger.point('main', unknown)
  const merges = { exit: 1, details: [expect.stringContaining('unknown.yaml reached main')] }
  expect(await told('merges', {})).toMatchObject(merges)
  expect(await told('merges', { branch: 'live' })).toMatchObject({ exit: 0 })
  ledger.point('live', unknown)
  expect(await told('merges', { branch: 'live' })).toMatchObject({ exit: 1 })
})
