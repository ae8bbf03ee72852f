import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type ExportLine, evidenceWindow, readExportLine } from '../../app/audit/export-line.ts'
import { rotationNote } from '../../app/audit/rotation.ts'
import { verifyExportLines } from '../../app/audit/verify-export.ts'
import { openDatabase } from '../../app/store/database.ts'
import { putRotation } from '../../app/store/ledger/checkpoints.ts'
import { exportLedger } from '../../app/store/ledger/export.ts'
import { checkpointNow, noteSigner } from '../support/checkpoints.ts'
import { withClient } from '../support/client.ts'
import { database, databaseEach, postgres } from '../support/database-each.ts'
import { decidedEvent, testEvent } from '../support/events.ts'
import { sealEvents } from '../support/sealed.ts'

const origin = 'test-instance'
const signer = noteSigner(origin)
databaseEach()

const evidence = (text: string) => ({ digest: hash('sha256', text), bytes: Buffer.from(text) })
const seal = (...events: Parameters<typeof sealEvents>[2]) => sealEvents(database, origin, events)

async function exported(during: () => Promise<unknown> = async () => undefined) {
  let text = ''
  const count = await exportLedger(database, origin, {
    keys: [signer.key.text],
    write: async (more) => {
      text += more
      await during()
    },
  })
  expect(text.endsWith('\n')).toBe(true)
  const lines = text.slice(0, -1).split('\n')
  return { count, lines, read: lines.map((line, index) => readExportLine(line, index + 1)) }
}

async function verified(lines: readonly string[]) {
  return verifyExportLines(
    (async function* () {
      yield* lines
    })(),
  )
}

const kindsOf = (lines: readonly ExportLine[]) =>
  lines.map((line) => (line.kind === 'event' ? line.seq : line.kind))

test('header, keys, rotations, then what an event rests on before it, and checkpoints where they were made', async () => {
  const first = evidence('{"input":1}')
  const second = evidence('{"input":2}')
  await seal(testEvent(1), [decidedEvent(2), [first, second]])
  const note = await checkpointNow(database, signer)
  await seal([decidedEvent(3), [first]])
  const last = await checkpointNow(database, signer)
  const rotation = rotationNote(signer, noteSigner(origin))
  await database.transaction((tx) => putRotation(tx, rotation))
  const { count, lines, read } = await exported()
  expect(count).toBe(3)
  expect(kindsOf(read)).toEqual([
    ...['header', 'key', 'rotation', 1, 'evidence', 'evidence', 2, 'checkpoint', 3, 'checkpoint'],
  ])
  expect(read.filter(({ kind }) => kind === 'checkpoint')).toEqual(
    [note, last].map((each) => ({ kind: 'checkpoint', note: each })),
  )
  expect(read[2]).toEqual({ kind: 'rotation', note: rotation })
  for (const line of read) {
    if (line.kind === 'event')
      expect(hash('sha256', Buffer.concat([Buffer.from([0]), line.body]))).toBe(line.leaf)
    if (line.kind === 'evidence') expect(hash('sha256', line.bytes)).toBe(line.digest)
  }
  expect(await verified(lines)).toMatchObject({ ok: true, events: 3 })
})

test('an empty ledger is a header', async () => {
  const { count, lines } = await exported()
  expect(count).toBe(0)
  expect(await verified(lines)).toMatchObject({ ok: true, events: 0 })
})

test('is of one moment, and whole over many pages', async () => {
  await seal(...Array.from({ length: 600 }, (_, n) => testEvent(n)))
  const other = await openDatabase(postgres.appUrl)
  let next = 600
  const { count, lines } = await exported(() => sealEvents(other, origin, [testEvent(next++)]))
  await other.close()
  expect(count).toBe(600)
  expect(next).toBeGreaterThan(602)
  expect(await verified(lines)).toMatchObject({ ok: true, events: 600 })
})

test('evidence is written again once a reader may have forgotten it', async () => {
  const same = evidence('{"input":0}')
  const between = Array.from(
    { length: 105 },
    (_, n): [ReturnType<typeof testEvent>, ReturnType<typeof evidence>[]] => [
      decidedEvent(n + 10),
      Array.from({ length: 100 }, (__, m) => evidence(`{"input":"${n}/${m}"}`)),
    ],
  )
  await seal([decidedEvent(1), [same]], [decidedEvent(2), [same]], ...between, [decidedEvent(3), [same]])
  const { lines, read } = await exported()
  const places = read.flatMap((line, index) =>
    line.kind === 'evidence' && line.digest === same.digest ? [index] : [],
  )
  expect(places).toHaveLength(2)
  expect((places[1] ?? 0) - (places[0] ?? 0)).toBeGreaterThan(evidenceWindow)
  expect(await verified(lines)).toMatchObject({ ok: true })
})

test('evidence is written again where its own event brings the reader to forget it', async () => {
  // An event names its evidence in the order of the digests: this one comes first.
  const [same = evidence('')] = Array.from({ length: 9_999 }, (_, n) => evidence(`{"input":${n}}`)).toSorted(
    (one, other) => (one.digest < other.digest ? -1 : 1),
  )
  const many = (count: number, of: string) =>
    Array.from({ length: count }, (_, n) => evidence(`{"input":"${of}/${n}"}`))
  const between = Array.from(
    { length: 100 },
    (_, n): [ReturnType<typeof testEvent>, ReturnType<typeof evidence>[]] => [
      decidedEvent(n + 10),
      many(n === 0 ? 60 : 100, `${n}`),
    ],
  )
  await seal([decidedEvent(1), [same]], ...between, [decidedEvent(2), [same, ...many(60, 'last')]])
  expect(await verified((await exported()).lines)).toMatchObject({ ok: true })
})

const owner = (statement: string) =>
  withClient(postgres.ownerUrl, async (client) => {
    await client.query("set gitsudo.announced = 'yes'")
    return client.query(statement)
  })

test.each([
  ['leaf', 'update audit_events set body = set_byte(body, 0, 255) where seq = 2'],
  ['leaf', "update audit_events set body = '' where seq = 2"],
  ['seq', 'update audit_events set seq = 9223372036854775807 where seq = 2'],
  ['evidence', 'delete from evidence'],
  ['evidence', "update evidence set bytes = '{}'"],
])('what was altered is exported as it is, and found: %s by %s', async (what, statement) => {
  await seal(testEvent(1), [decidedEvent(2), [evidence('{"input":1}')]], testEvent(3))
  await owner(statement)
  expect(await verified((await exported()).lines)).toMatchObject({ ok: false, seq: 2, what })
})

test('a doubled event is exported twice', async () => {
  await seal(testEvent(1), testEvent(2))
  await owner('alter table audit_events drop constraint audit_events_pkey')
  await owner('insert into audit_events select * from audit_events where seq = 2')
  expect(await verified((await exported()).lines)).toMatchObject({
    ok: false,
    seq: 3,
    what: 'seq',
    found: '2',
  })
})

test('a checkpoint over events that were cut off is exported', async () => {
  await seal(testEvent(1), testEvent(2))
  const note = await checkpointNow(database, signer)
  await owner('delete from audit_events where seq = 2')
  expect((await exported()).read.at(-1)).toEqual({ kind: 'checkpoint', note })
})
