// A row of another hand can say anything, and stays for ever: on record as foreign, it keeps no period from being sealed.
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { LedgerEvent } from '../../app/audit/event.ts'
import { foreignEvent } from '../../app/audit/foreign.ts'
import { signEvent, signingKeyId } from '../../app/audit/signature.ts'
import { writeFile } from '../../app/cli/write-file.ts'
import { verifySegmentFiles } from '../../app/compose/audit.ts'
import { exportSegment } from '../../app/store/ledger/export-segment.ts'
import { checkpointNow, noteSigner } from '../support/checkpoints.ts'
import { type LedgerStage, origin, stageLedger } from '../support/ledger-stage.ts'
import { type Tampering, tamperWith } from '../support/tampering.ts'

/** When checkpoints are made: later than those that the stage made. */
const month = Date.UTC(2027, 0, 1)
const later = month + 1_000
let ledger: LedgerStage
let hands: Tampering
let key: string
beforeAll(async () => {
  ledger = await stageLedger(60, 20)
  hands = await tamperWith(ledger)
  key = ledger.signer.key.text
})
afterEach(() => hands.restore())
afterAll(() => ledger.close())

const event = (n: number) => ledger.event(n, 'request.created', {}, { repo: 1, pull: n, commit: ledger.tip })
const checkpoint = (at: number) => checkpointNow(ledger.database, ledger.signer, at)
let sealed = 0
async function seal(
  until: number,
  { since, keys = [key] }: { since?: number; keys?: readonly string[] } = {},
) {
  const file = join(ledger.dir, `sealed-${sealed++}.jsonl`)
  await writeFile(file, (write) =>
    exportSegment(ledger.database, origin, { keys, until, write, ...(since !== undefined && { since }) }),
  )
  return file
}
const verify = async (...files: readonly string[]) => {
  const row = await verifySegmentFiles(files, [key])
  return { segments: row?.segments.map(({ faults }) => faults), faults: row?.faults }
}
const refused = (fault: string) => ({ code: 'tampered', message: expect.stringContaining(fault) })

const stranger = noteSigner(origin)
const byStranger = (event: LedgerEvent) =>
  signEvent(event, { ...stranger, id: signingKeyId(stranger.key.publicKey) })
const absent = hash('sha256', 'what nobody stored')
let rows = 0
const junk = () => hands.append('app', [event(70)], () => Buffer.from(`x${rows++}`))
const noText = () => hands.append('app', [event(70)], () => Buffer.from([0xef, 0xbb, 0xbf, 0xff]))
const unproven = () => {
  const about = { request: 'req_00000000000000000000000070', repo: 1, pull: 70, commit: ledger.tip }
  const refusal = ledger.event(70, 'grant.refused', {}, about)
  return hands.append('app', [{ ...refusal, data: { ...refusal.data, evidence: [absent] } }])
}
const unknown = () => hands.append('app', [byStranger(ledger.event(70, 'ledger.restored', {}, { repo: 1 }))])

test.each([
  ['is no event', junk, 'body'],
  ['is no UTF-8', noText, 'body'],
  ['names evidence that is not there', unproven, 'evidence'],
  ['is signed by a key that nobody knows', unknown, 'data.sig'],
])('a row that %s is sealed with the record that it is foreign, and not before', async (_, put, what) => {
  await put()
  await checkpoint(month)
  await expect(seal(month)).rejects.toMatchObject(refused(`event 61: ${what}`))
  await hands.edit('delete from checkpoints where size = 61')

  await ledger.seal(event(80))
  await checkpoint(month)
  await ledger.seal(event(81), event(82))
  await checkpoint(later)
  const segments = [await seal(month), await seal(later, { since: month })]
  await seal(month, { keys: [] })
  const found = 'event 61: not sealed by gitsudo, as event 62 says'
  expect(await verify(...segments)).toEqual({ segments: [[found], []], faults: [] })
})

test('so is a row among several, whatever the others are, and each is told', async () => {
  for (let n = 0; n < 3; n += 1) {
    await junk()
    await hands.append('superuser', [event(90 + n)])
    await hands.append('app', [event(95)], () => Buffer.from(`{"${n}":`))
    await ledger.seal(event(80 + n))
  }
  await checkpoint(month)
  const found = [61, 66, 71].map(
    (n) => `events ${n} to ${n + 2}: not sealed by gitsudo, as event ${n + 3} says`,
  )
  expect(await verify(await seal(month))).toEqual({ segments: [found], faults: [] })
})

test('a record excuses the rows that it names, and no others', async () => {
  await junk()
  await ledger.seal(event(80))
  await hands.edit('delete from evidence')
  await checkpoint(month)
  await expect(seal(month)).rejects.toMatchObject(refused('event 5: evidence'))
  await expect(seal(month, { keys: [] })).rejects.toMatchObject(refused('event 5: evidence'))
})

test('nor does it excuse what is not linked', async () => {
  await junk()
  await ledger.seal(event(80))
  await checkpoint(month)
  await hands.edit("update audit_events set body = 'y' where seq = 61")
  await expect(seal(month)).rejects.toMatchObject(refused('event 61: leaf'))
})

const record = (first: number, last: number) =>
  foreignEvent({ first, last }, { before: '1', after: '2' }, '2026-12-01T08:00:00.000Z')
test.each([
  ['unsigned', record],
  ['signed by another hand', (first: number, last: number) => byStranger(record(first, last))],
])('a record of another hand excuses nothing: %s', async (_, forged) => {
  await hands.edit('delete from evidence')
  await hands.append('app', [forged(1, 60)])
  await checkpoint(month)
  await expect(seal(month)).rejects.toMatchObject(refused('event 5: evidence'))
  await hands.edit('delete from checkpoints where size = 61')
  // Nor where nobody knows a key, for it is on record as foreign itself.
  await ledger.seal(event(80))
  await checkpoint(month)
  await expect(seal(month, { keys: [] })).rejects.toMatchObject(refused('event 5: evidence'))
})

test('nor does one of gitsudo’s in another place', async () => {
  await hands.edit('delete from evidence')
  await ledger.seal(event(70))
  await hands.append('superuser', [ledger.keys.sign(record(1, 60))])
  await checkpoint(month)
  await expect(seal(month)).rejects.toMatchObject(refused('event 5: evidence'))
})
