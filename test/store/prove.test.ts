import { expect, test } from 'vitest'
import { readCheckpoint } from '../../app/audit/checkpoint.ts'
import { checkConsistency, readConsistency } from '../../app/audit/consistency.ts'
import { ExportError, readExportLine } from '../../app/audit/export-line.ts'
import { openNote } from '../../app/audit/note.ts'
import { checkProof, readProof } from '../../app/audit/proof.ts'
import { findInExport, prove, type Wanted } from '../../app/audit/prove.ts'
import { rotationMark, rotationNote } from '../../app/audit/rotation.ts'
import { putCheckpoint, putRotation } from '../../app/store/ledger/checkpoints.ts'
import { exportLedger } from '../../app/store/ledger/export.ts'
import { proveEvents, proveGrowth } from '../../app/store/ledger/prove.ts'
import { checkpointNow, noteSigner } from '../support/checkpoints.ts'
import { withClient } from '../support/client.ts'
import { database, databaseEach, postgres } from '../support/database-each.ts'
import { testEvent } from '../support/events.ts'
import { sealEvents } from '../support/sealed.ts'

const origin = 'test-instance'
const signer = noteSigner(origin)
const acme = noteSigner('acme')
databaseEach()

const request = testEvent(5).request ?? ''
const sealed = async () => {
  await sealEvents(
    database,
    origin,
    Array.from({ length: 21 }, (_, n) => testEvent(n)),
  )
  await sealEvents(database, origin, [
    testEvent(100, { type: 'grant.issued', request, grant: request }),
    testEvent(101, {
      type: 'database.changed',
      grant: request,
      data: {
        ...testEvent(101, { type: 'database.changed' }).data,
        after: `not ${testEvent(6).request}`,
      },
    }),
  ])
}
const fromExport = async (wanted: Wanted) => {
  let text = ''
  await exportLedger(database, origin, {
    keys: [],
    write: async (more) => {
      text += more
    },
  })
  const lines = async function* () {
    for (const [index, line] of text.trimEnd().split('\n').entries()) yield readExportLine(line, index + 1)
  }
  return prove(await findInExport(lines(), wanted), async function* () {
    for await (const line of lines()) if (line.kind === 'event') yield Buffer.from(line.leaf, 'hex')
  })
}

test.each([
  ['the database', (wanted: Wanted) => proveEvents(database, origin, wanted)],
  ['an export', fromExport],
])('events are proved from %s, those of a request or one', async (_, from) => {
  await sealed()
  await checkpointNow(database, signer)
  for (let seq = 1; seq <= 23; seq++) {
    const { proofs, size, tooNew } = await from({ seq })
    expect([size, proofs.length, tooNew]).toEqual([23, 1, []])
    const proof = readProof(proofs[0]?.text ?? '')
    expect(proof.seq).toBe(seq)
    expect(checkProof(proof, [signer.key])).toMatchObject({ origin, size: 23 })
  }
  const seqs = async (wanted: Wanted) => (await from(wanted)).proofs.map(({ seq, type }) => [seq, type])
  expect(await seqs({ request })).toEqual([
    [6, 'request.created'],
    [22, 'grant.issued'],
    [23, 'database.changed'],
  ])
  expect(await seqs({ request, type: 'grant.issued' })).toEqual([[22, 'grant.issued']])
  expect(await seqs({ seq: 24 })).toEqual([])
})

test.each([
  ['the database', (wanted: Wanted) => proveEvents(database, origin, wanted)],
  ['an export', fromExport],
])('what no checkpoint is over yet is not proved from %s', async (_, from) => {
  await sealEvents(database, origin, [testEvent(5)])
  expect(await from({ request })).toEqual({ proofs: [], tooNew: [1] })
  await checkpointNow(database, signer)
  await sealEvents(database, origin, [testEvent(6, { request })])
  expect(await from({ request })).toMatchObject({ size: 1, proofs: [{ seq: 1 }], tooNew: [2] })
})

test.each([
  [
    "set body = convert_to(replace(convert_from(body, 'UTF8'), 'alice', 'malice'), 'UTF8') where seq = 6",
    { seq: 6 },
  ],
  ['set leaf = sha256(leaf) where seq = 7', { seq: 6 }],
])('nothing is proved by a ledger that does not lead to its checkpoint: %s', async (edit, wanted) => {
  await sealed()
  await checkpointNow(database, signer)
  await withClient(postgres.ownerUrl, (client) => client.query(`update audit_events ${edit}`))
  for (const from of [() => proveEvents(database, origin, wanted), () => fromExport(wanted)])
    await expect(from()).rejects.toThrow('do not lead to the newest checkpoint')
})

test('events are proved under the newest checkpoint that the chain agrees with', async () => {
  await sealed()
  const note = await checkpointNow(database, signer)
  for (const [size, other] of [
    [50, 'x'],
    [60, note],
  ] as const)
    await database.transaction((tx) => putCheckpoint(tx, { size, note: other, madeAt: 0 }))
  for (const from of [() => proveEvents(database, origin, { seq: 6 }), () => fromExport({ seq: 6 })])
    expect(await from()).toMatchObject({ size: 23, proofs: [{ seq: 6 }] })
})

test('nothing is proved where events were cut off', async () => {
  await sealed()
  await checkpointNow(database, signer)
  await withClient(postgres.ownerUrl, (client) => client.query('delete from audit_events where seq > 10'))
  for (const from of [() => proveEvents(database, origin, { seq: 6 }), () => fromExport({ seq: 6 })])
    await expect(from()).rejects.toThrow('do not lead to the newest checkpoint')
})

test.each(['{"format":"gitsudo ledger export v1"}', '{"format":"other","origin":"x"}', '[', '1', 'null'])(
  '%s is no header of an export',
  (line) => expect(() => readExportLine(line, 1)).toThrow(ExportError),
)
test.each([
  '{}',
  '{"seq":1}',
  '{"seq":"1"}',
  '{"evidence":"x"}',
  '{"checkpoint":1}',
  '{"format":"x","origin":"y"}',
])('%s is no line of an export', (line) => expect(() => readExportLine(line, 2)).toThrow('line 2'))

test('that the ledger goes on from an older checkpoint is proved, to any that is stored', async () => {
  await sealed()
  const held = await checkpointNow(database, signer)
  await sealEvents(database, origin, [testEvent(200), testEvent(201)])
  await checkpointNow(database, signer)
  await sealEvents(database, origin, [testEvent(202)])
  await checkpointNow(database, signer)
  const old = readCheckpoint(openNote(held, [signer.key]).text)
  for (const [from, to, size] of [
    [23, undefined, 26],
    [23, 25, 25],
    [23, 23, 23],
    [1, undefined, 26],
  ] as const) {
    const found = await proveGrowth(database, origin, from, to)
    expect(found?.size).toBe(size)
    const proof = readConsistency(found?.proof ?? '')
    if (from === 23) expect(checkConsistency(proof, old, [signer.key])).toMatchObject({ origin, size })
    expect(() => checkConsistency(proof, { ...old, root: old.head }, [signer.key])).toThrow('does not lead')
    expect(() => checkConsistency(proof, old, [noteSigner(origin).key])).toThrow('none of the keys')
  }
  expect(await proveGrowth(database, origin, 27, undefined)).toEqual({ size: 26 })
  expect(await proveGrowth(database, origin, 23, 24)).toBeUndefined()

  const edit = 'update audit_events set leaf = sha256(leaf) where seq = 7'
  await withClient(postgres.ownerUrl, (client) => client.query(edit))
  await expect(proveGrowth(database, origin, 23, undefined)).rejects.toThrow(
    'gitsudo audit verify says where',
  )
})

test.each([
  ['the database', (wanted: Wanted) => proveEvents(database, origin, wanted)],
  ['an export', fromExport],
])('after rotations, a proof from %s is checked with the first key alone', async (_, from) => {
  await sealed()
  const [second, third] = [noteSigner(origin), noteSigner(origin)]
  const rotations = [rotationNote(second, third), rotationNote(signer, second)]
  const others = [
    'x',
    '',
    `${rotationMark}\n`,
    rotations[0]?.replace(origin, 'acme') ?? '',
    rotationNote(acme, acme),
  ]
  for (const note of [...others, ...rotations, `${rotations[0]}\nx\n`])
    await database.transaction((tx) => putRotation(tx, note))
  await checkpointNow(database, third)
  const { proofs } = await from({ seq: 5 })
  const proof = readProof(proofs[0]?.text ?? '')
  // What else is stored beside them is none of the ledger's.
  expect(proof.rotations).toEqual(rotations)
  for (const { key } of [signer, second, third])
    expect(checkProof(proof, [key])).toMatchObject({ origin, size: 23 })
  expect(() => checkProof(proof, [noteSigner(origin).key])).toThrow('none of the keys')
  const stolen = { ...proof, rotations: [rotationNote(noteSigner(origin), third)] }
  expect(() => checkProof(stolen, [signer.key])).toThrow('none of the keys')
})
