// Who holds the database without our keys can put events with a right chain behind the last one. Until the sealer's next
// look they are past every checkpoint and anchor; from then on they are on record as foreign (audit.md).
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { LedgerEvent } from '../../app/audit/event.ts'
import { writeFile as writeLines } from '../../app/cli/write-file.ts'
import { verifySegmentFiles } from '../../app/compose/audit.ts'
import { createCheckpointer } from '../../app/store/ledger/checkpointer.ts'
import { exportLedger } from '../../app/store/ledger/export.ts'
import { exportSegment } from '../../app/store/ledger/export-segment.ts'
import { createLedger } from '../../app/store/ledger/ledger.ts'
import { sealBatch } from '../../app/store/ledger/seal.ts'
import { type LedgerStage, origin, stageLedger } from '../support/ledger-stage.ts'
import { memoryLog } from '../support/memory/log.ts'
import { type Tampering, tamperWith } from '../support/tampering.ts'

const clock = { now: () => Date.now() }
let ledger: LedgerStage
let hands: Tampering
/** The service's parts over this ledger. */
let deps: Parameters<typeof createLedger>[0] & Pick<Parameters<typeof createCheckpointer>[0], 'signers'>
let alerts: () => readonly unknown[]
beforeAll(async () => {
  ledger = await stageLedger(60, 20)
  hands = await tamperWith(ledger)
})
beforeEach(() => {
  const { database, keys, signer } = ledger
  const log = memoryLog()
  deps = { database, keys, log, origin, clock, signers: [signer], noteKeys: [signer.key] }
  alerts = () => log.lines.filter(({ level }) => level === 'alert')
})
afterEach(() => hands.restore())
afterAll(() => ledger.close())

const event = (n: number, type: LedgerEvent['type'] = 'request.created') => {
  const request = `req_${String(n).padStart(26, '0')}`
  return ledger.event(n, type, {}, { request, repo: 1, pull: n, commit: ledger.tip })
}
const refusal = (n: number, path: string): LedgerEvent => ({
  ...event(n, 'grant.refused'),
  data: { path, why: 'forged' },
})
const verify = (more: Parameters<LedgerStage['verify']>[0] = {}) =>
  ledger.verify({ stateDir: ledger.newState(), ...more })
const faults = async (of = 'foreign events', more = {}) => {
  const { exit, chain, comparisons } = await verify(more)
  expect({ exit, intact: chain.ok }).toEqual({ exit: 1, intact: true })
  return comparisons.filter((one) => one.of === of).flatMap(({ details }) => details)
}
const checkpoint = () => createCheckpointer(deps).make('now')

test.each(['app', 'superuser'] as const)(
  'that the %s role adds are told, and vouched for by nobody',
  async (who) => {
    await hands.append(who, [event(70), refusal(71, 'requests/2026/12/x.yaml'), event(72, 'request.lapsed')])
    expect(await verify()).toMatchObject({
      exit: 0,
      chain: { ok: true, events: 63 },
      notAnchored: { count: 3, first: 61 },
    })
    expect(await checkpoint()).toBeUndefined()

    await ledger.seal(event(80))
    const found = ['events 61 to 63: not sealed by gitsudo, as event 64 says']
    expect(await faults()).toEqual(found)
    expect(await faults('foreign events', { threads: 2 })).toEqual(found)
    expect((await checkpoint())?.size).toBe(65)
    expect(await faults()).toEqual(found)

    await hands.append(who, [event(90)])
    expect(await checkpoint()).toBeUndefined()
    await sealBatch(deps)
    expect(await faults()).toEqual([...found, 'event 66: not sealed by gitsudo, as event 67 says'])
    expect(alerts()).toEqual([
      { level: 'alert', message: 'ledger.foreign', fields: expect.objectContaining({ first: 66, last: 66 }) },
    ])
  },
)

test('an export and its segments say so, too', async () => {
  await hands.append('app', [event(70)])
  await ledger.seal(event(80))
  await checkpoint()
  const files = ['whole', 'sealed'].map((name) => join(ledger.dir, `${name}.jsonl`))
  const [file = '', segment = ''] = files
  await writeLines(file, (write) => exportLedger(ledger.database, origin, { keys: [], write }))
  await writeLines(segment, (write) =>
    exportSegment(ledger.database, origin, { keys: [], until: clock.now(), write }),
  )
  const found = 'event 61: not sealed by gitsudo, as event 62 says'
  expect(await faults('foreign events', { file })).toEqual([found])
  const row = await verifySegmentFiles([segment], [ledger.signer.key.text])
  expect(row?.segments[0]?.faults).toEqual([found])
})

test('a quiet service tells them too, once, and goes on sealing', async () => {
  await hands.append('app', [event(70)])
  const sealer = createLedger(deps)
  try {
    await expect.poll(alerts).toHaveLength(1)
    expect(await faults()).toHaveLength(1)
    const leaf = await ledger.database.transaction((tx) => sealer.stage(tx, event(80)))
    expect(await sealer.sealed([leaf], clock.now() + 10_000)).toEqual([63])
  } finally {
    await sealer.stop()
  }
  expect(alerts()).toHaveLength(1)
})

test('an event that waited for its seal, and that another hand sealed, is on record and foreign', async () => {
  const staged = event(70)
  await hands.append('app', [staged])
  await ledger.seal(staged, event(71))
  expect(await faults()).toEqual(['event 61: not sealed by gitsudo, as event 62 says'])
  expect((await hands.rows()).length).toBe(63)
})

test('a refusal of another hand does not stand in for the event of a merge', async () => {
  const path = 'requests/2026/12/unseen.yaml'
  ledger.point(
    'main',
    ledger.commit({ 'README.md': 'an access repository', [path]: 'request' }, [ledger.tip]),
  )
  const commit = ledger.git(['rev-parse', 'main'])
  const missing = [expect.stringContaining(`${path} reached main`)]
  expect(await faults('merges')).toEqual(missing)
  await hands.append('app', [{ ...refusal(70, path), commit }])
  expect((await verify()).exit).toBe(0)
  await sealBatch(deps)
  expect(await faults('merges')).toEqual(missing)
})

test('a cut takes no event of gitsudo’s for foreign', async () => {
  await ledger.seal(event(70), event(71), event(72))
  await hands.edit('delete from audit_events where seq > 61')
  await ledger.seal(event(80))
  expect(await verify()).toMatchObject({ exit: 0, chain: { events: 62 } })
})

test('what an older release sealed, or a MAC key that is gone, is ours up to its last checkpoint', async () => {
  await ledger.seal(event(70))
  await hands.edit('update audit_events set mac_key = null, mac = null')
  await sealBatch(deps)
  expect(await faults()).toEqual(['event 61: not sealed by gitsudo, as event 62 says'])
  await hands.restore()
  await hands.edit("update audit_events set mac_key = 'gone'")
  await sealBatch(deps)
  expect((await verify()).exit).toBe(0)
  // Of checkpoints that somebody else signed, none vouches.
  for (const size of hands.sizes)
    await hands.edit('update checkpoints set note = $2 where size = $1', [size, await hands.forge(size)])
  await sealBatch(deps)
  expect((await hands.rows()).at(-1)?.body.toString()).toContain('"row":"1-60"')
})
