// A backup took the database's place after more had been anchored (trust.md 3.11): what verify makes of it before and
// after somebody has said that the loss is known.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bodyOf } from '../../../app/audit/body.ts'
import { leafHash, linkHash, originHead } from '../../../app/audit/chain.ts'
import { checkpointText, readCheckpoint } from '../../../app/audit/checkpoint.ts'
import type { LedgerEvent } from '../../../app/audit/event.ts'
import { openNote, signNote } from '../../../app/audit/note.ts'
import { signEvent } from '../../../app/audit/signature.ts'
import { createVerifier } from '../../../app/audit/verify.ts'
import { remember } from '../../../app/compose/verify/memory.ts'
import { noteSigner } from '../../support/checkpoints.ts'
import { type LedgerStage, origin, stageLedger } from '../../support/ledger-stage.ts'
import { tamperWith } from '../../support/tampering.ts'

/** Sizes of its checkpoints and anchors: 11, 21, 30; then the database is as it was at 21. */
let ledger: LedgerStage
beforeEach(async () => {
  ledger = await stageLedger(30, 10)
  // The merge of 25 was lost, too: the service finds it again, and refuses it, for it is too late.
  ledger.point('main', ledger.git(['rev-parse', `${ledger.tip}~1`]))
  for (const one of ['audit_events where seq > 21', 'checkpoints where size > 21'])
    await ledger.edit(`delete from ${one}`)
})
afterEach(() => ledger.close())

const verify = (more: Parameters<LedgerStage['verify']>[0] = {}) =>
  ledger.verify({ stateDir: ledger.newState(), ...more })
const noteAt = (anchor: number) => `${ledger.git(['show', `${ledger.anchors[anchor]}:checkpoint`])}\n`
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
/** Somebody says that the ledger of the anchor of 30 is lost. */
const restored = (change: LedgerEvent['data'] = {}, commit = ledger.anchors[2] ?? ''): LedgerEvent => {
  const { size, root, head } = readCheckpoint(openNote(noteAt(2), []).text)
  const data = { size, root: hex(root), head: hex(head), ...change }
  return ledger.event(100, 'ledger.restored', data, { repo: 99, commit })
}
/** A checkpoint that was signed and never anchored, over so many events that are not those of this ledger. */
const otherNote = (size: number) =>
  signNote(checkpointText({ origin, size, root: Buffer.alloc(32, size), head: Buffer.alloc(32, size) }), [
    ledger.signer,
  ])
/** So many events more, which only count. */
const more = (count: number, from = 200) =>
  Array.from({ length: count }, (_, n) => ledger.event(from + n, 'request.created', {}, { repo: 1 }))
const witness = async () => {
  const { note } = await ledger.anchorNow()
  return [{ name: 'siem', text: `${note}\n` }]
}
const details = async (of: string, ask: Parameters<LedgerStage['verify']>[0] = {}) => {
  const { exit, comparisons } = await verify(ask)
  return { exit, told: comparisons.filter((one) => one.of === of).flatMap((one) => one.details) }
}

test('unsaid it is a loss; once said, neither the loss nor the shorter anchor after it is a fault', async () => {
  expect(await verify()).toMatchObject({ exit: 1, lost: { count: 9, expected: false } })
  await ledger.seal(restored(), ...more(2))
  await ledger.anchorNow()
  const commit = ledger.anchors[2]?.slice(0, 12)
  const restores = {
    of: 'restores',
    outcome: 'excused',
    said: '1 loss acknowledged; taken for no fault: 1 anchor',
    details: [
      `event 22: a backup was restored; of the 30 events under the anchor ${commit}, those after event 21 may be lost`,
    ],
  }
  const found = await verify()
  expect(found).toMatchObject({
    exit: 0,
    comparisons: expect.arrayContaining([
      restores,
      expect.objectContaining({ of: 'anchors', said: expect.stringMatching(/^3 commits .* 3 checkpoints/) }),
    ]),
  })
  expect(found.lost).toBeUndefined()
  // Longer than what was lost: the old anchor contradicts it, and is not of it.
  await ledger.seal(...more(12, 300))
  await ledger.anchorNow()
  expect(await verify()).toMatchObject({ exit: 0, comparisons: expect.arrayContaining([restores]) })
})

test('what was lost anchors nothing: events count as not anchored from the newest anchor that held', async () => {
  await ledger.seal(restored(), ...more(12))
  const found = await verify()
  expect(found).toMatchObject({
    exit: 0,
    notAnchored: { first: 22 },
    comparisons: expect.arrayContaining([
      expect.objectContaining({ of: 'anchors', said: expect.stringContaining('the newest over 21 events') }),
    ]),
  })
  expect(found.notAnchored?.count).toBeGreaterThan(12)
})

test('receipts of what was lost stand in pull requests for ever, and are no fault once it is said', async () => {
  const leaf = 'ab'.repeat(32)
  const receipts = (seq: number) => ({
    github: {
      ...{ repository: 1, merged: [], addsRequests: async () => false },
      receipts: [{ pull: 5, seq, leaf, checkpoint: { size: 30, root: Buffer.alloc(32) } }],
    },
  })
  expect(await verify(receipts(28))).toMatchObject({ exit: 1, lost: { count: 9 } })
  await ledger.seal(restored())
  expect(await verify(receipts(28))).toMatchObject({
    exit: 0,
    comparisons: expect.arrayContaining([
      expect.objectContaining({ said: '1 loss acknowledged; taken for no fault: 1 anchor, 1 receipt' }),
    ]),
  })
  // One of what the newest anchor that held covers, and one past what was lost.
  for (const seq of [20, 31]) expect((await verify(receipts(seq))).exit).toBe(1)
  await ledger.seal(...more(12))
  expect((await verify(receipts(28))).exit).toBe(0)
  expect(await details('receipts', receipts(31))).toMatchObject({
    exit: 1,
    told: [expect.stringContaining('#5: event 31')],
  })
})

test('what a witness and an earlier run hold of what was lost is no fault, either; what is newer is', async () => {
  const stateDir = ledger.newState()
  const note = ledger.git(['show', `${ledger.anchors[2]}:checkpoint`])
  const witnesses = [{ name: 'siem', text: `${note}\n` }]
  await ledger.seal(restored())
  expect((await verify({ witnesses, stateDir })).exit).toBe(0)
  await ledger.seal(...more(12))
  const newer = await witness()
  expect((await verify({ witnesses: [...witnesses, ...newer] })).exit).toBe(0)
  await ledger.edit('delete from audit_events where seq > 25')
  await ledger.edit('delete from checkpoints where size > 25')
  expect(await verify({ witnesses: newer, repositories: [] })).toMatchObject({
    exit: 1,
    lost: { by: 'witness siem', count: 9 },
  })
})

test.each([17, 25, 29])('a checkpoint of %i events that was never anchored is not excused', async (size) => {
  await ledger.seal(restored(), ...more(12))
  await ledger.anchorNow()
  const witnesses = [{ name: 'siem', text: otherNote(size) }]
  const { exit, told } = await details('witnesses', { witnesses })
  expect(exit).toBe(1)
  expect(told[0]).toContain(`witness siem (${size} events): root`)
  const stateDir = ledger.newState()
  await remember(stateDir, origin, { checkpoint: otherNote(size) })
  expect((await details('earlier run', { stateDir })).exit).toBe(1)
})

test('another checkpoint of exactly as many events as were lost is not excused', async () => {
  await ledger.seal(restored(), ...more(12))
  await ledger.anchorNow()
  const witnesses = [{ name: 'siem', text: otherNote(30) }]
  expect((await details('witnesses', { witnesses })).exit).toBe(1)
})

test('what the newest anchor on record covers is not lost: who has the key cannot write it anew and say so', async () => {
  await ledger.seal(restored())
  const hands = await tamperWith(ledger)
  await hands.rechain(10, (text) => text.replace('"reason":"reason 9"', '"reason":"a better one"'))
  for (const size of [11, 21])
    await hands.edit('update checkpoints set note = $2 where size = $1', [
      size,
      await hands.forge(size, undefined, ledger.signer),
    ])
  const { exit, told } = await details('anchors')
  expect({ exit, told: told.map((one) => one.replace(/[0-9a-f]{12,}/g, '…')) }).toEqual({
    exit: 1,
    told: ['anchor … (11 events): root: expected …, found …'],
  })
  const witnesses = [{ name: 'siem', text: noteAt(0) }]
  expect((await details('witnesses', { witnesses })).told).toHaveLength(1)
})

test('many anchors that are excused hide no other fault', async () => {
  const claims = Array.from({ length: 1_200 }, (_, n) => ({
    ...({ of: 'anchors', by: `anchor ${n}`, commit: `${n}`, size: 1 } as const),
    ...{ root: Buffer.alloc(32, 1), head: Buffer.alloc(32, 1) },
  }))
  const verifier = createVerifier(origin, { claims })
  const body = bodyOf(ledger.event(200, 'request.created', {}, { repo: 1 }))
  const leaf = leafHash(body)
  verifier.push({ seq: 1, body, leaf, chain: linkHash(originHead(origin), 1, leaf) })
  expect(verifier.end().marks.faults.filter(({ what }) => what === 'root')).toHaveLength(1_200)
})

test.each<readonly [string, () => LedgerEvent]>([
  ['names another anchor', () => restored({}, ledger.anchors[1])],
  ['speaks of fewer events', () => restored({ size: 29 })],
  ['speaks of another root', () => restored({ root: 'ab'.repeat(32) })],
  ['speaks of another chain', () => restored({ head: 'ab'.repeat(32) })],
])('one that %s excuses nothing', async (_, event) => {
  await ledger.seal(event())
  expect(await verify()).toMatchObject({ exit: 1, lost: { count: 8, expected: false } })
})

test('one that is by a key that is not known is a fault itself', async () => {
  const stranger = noteSigner('test-instance')
  await ledger.seal(signEvent(restored(), { id: 'stranger', privateKey: stranger.privateKey }))
  expect(await verify()).toMatchObject({ exit: 1, chain: { ok: false, what: 'data.sig' } })
})

test('it excuses no checkpoint of the database itself, and no fall of the branch but the one after its anchor', async () => {
  await ledger.edit('insert into checkpoints (size, note, made_at) values (30, $1, now())', [
    `${ledger.git(['show', `${ledger.anchors[2]}:checkpoint`])}\n`,
  ])
  await ledger.seal(restored())
  expect(await verify()).toMatchObject({ exit: 1, lost: { by: 'checkpoint of 30' } })
  await ledger.edit('delete from checkpoints where size = 30')
  await ledger.seal(...more(2))
  const { note, anchor } = await ledger.anchorNow()
  await ledger.seal(...more(2, 300))
  const later = await ledger.anchorNow()
  const again = ledger.commit({ checkpoint: note, keys: `${ledger.signer.key.text}\n` }, [later.anchor])
  ledger.point('gitsudo-ledger', again)
  const { exit, told } = await details('anchors')
  expect(exit).toBe(1)
  expect(told[0]).toMatch(/covers 24 events, fewer than the 26 of the anchor before it$/)
  ledger.point('gitsudo-ledger', anchor)
  expect((await verify()).exit).toBe(0)
})
