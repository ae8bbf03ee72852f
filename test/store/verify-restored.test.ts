// A backup took the database's place after more had been anchored (trust.md 3.11): what verify makes of it before and
// after somebody has said that the loss is known.
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { LedgerEvent } from '../../app/audit/event.ts'
import { signEvent } from '../../app/audit/signature.ts'
import { noteSigner } from '../support/checkpoints.ts'
import { type LedgerStage, stageLedger } from '../support/ledger-stage.ts'

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
/** Somebody says that the ledger of the anchor of 30 is lost. */
const restored = (change: LedgerEvent['data'] = {}, commit = ledger.anchors[2] ?? ''): LedgerEvent =>
  ledger.event(100, 'ledger.restored', { size: 30, ...change }, { repo: 99, commit })
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
  const said = 'event 22 says that a backup was restored, and that a ledger of 30 events is lost'
  expect(await details('anchors')).toEqual({ exit: 0, told: [said] })
  expect((await verify()).lost).toBeUndefined()
  // Longer than what was lost: the old anchor contradicts it, and is not of it.
  await ledger.seal(...more(12, 300))
  await ledger.anchorNow()
  expect(await details('anchors')).toEqual({ exit: 0, told: [said] })
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
  expect((await verify(receipts(28))).exit).toBe(0)
  expect((await verify(receipts(31))).exit).toBe(1)
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

test.each<readonly [string, () => LedgerEvent]>([
  ['names another anchor', () => restored({}, ledger.anchors[1])],
  ['speaks of fewer events', () => restored({ size: 29 })],
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
