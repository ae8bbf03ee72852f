import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditAccess } from '../../app/cli/deps.ts'
import { writeFile } from '../../app/cli/write-file.ts'
import { openAudit, openExport, verifySegmentFiles } from '../../app/compose/audit.ts'
import { openDatabase } from '../../app/store/database.ts'
import { checkpointNow, noteSigner } from '../support/checkpoints.ts'
import { testEvent } from '../support/events.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { sealEvents } from '../support/sealed.ts'

const origin = 'test-instance'
const signer = noteSigner(origin)
const keys = [signer.key.text]
const period = { since: 0, until: Date.UTC(2030, 0, 1) }
let postgres: TestDatabase
let ledger: AuditAccess
let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-audit-'))
  postgres = await createTestDatabase()
  const database = await openDatabase(postgres.appUrl)
  for (const month of [1, 2]) {
    await sealEvents(
      database,
      origin,
      Array.from({ length: 7 }, (_, n) => testEvent(month * 100 + n)),
    )
    await checkpointNow(database, signer, month * 1_000)
  }
  await database.close()
  ledger = await openAudit(postgres.appUrl, { GITSUDO_INSTANCE: origin })
})
afterAll(async () => {
  await ledger.close()
  await postgres.drop()
  await rm(dir, { recursive: true, force: true })
})

test('an export proves and reports what the database does', async () => {
  const file = join(dir, 'export.jsonl')
  expect(await writeFile(file, (write) => ledger.export({ write, keys }))).toEqual({ first: 1, last: 14 })
  const exported = await openExport(file)
  for (const wanted of [{ seq: 5 }, { request: testEvent(203).request ?? '' }])
    expect(await exported.prove(wanted)).toEqual(await ledger.prove(wanted))
  const report = await exported.report(period)
  expect(report).toEqual(await ledger.report(period))
  expect(report.ledger).toMatchObject({ events: 14, checkpoint: 14 })
  expect(await verifySegmentFiles([file], keys)).toBeUndefined()
})

test('segments of adjoining periods are a row', async () => {
  const files = await Promise.all(
    [{ until: 1_000 }, { since: 1_000, until: 2_000 }].map(async (seal) => {
      const file = join(dir, `${seal.until}.jsonl`)
      await writeFile(file, (write) => ledger.export({ write, keys, seal }))
      return file
    }),
  )
  expect(await verifySegmentFiles(files, keys)).toMatchObject({
    segments: [
      { first: 1, last: 7, faults: [] },
      { first: 8, last: 14, faults: [] },
    ],
    faults: [],
    unsigned: false,
  })
  expect(await verifySegmentFiles(files.toReversed(), keys)).toMatchObject({
    faults: [expect.stringContaining('wrong order')],
  })
  // Nothing of a ledger's middle is broken because it is the middle.
  const [first = '', second = ''] = files
  expect((await (await openExport(first)).report(period)).ledger).toMatchObject({ events: 7 })
  await expect(openExport(second)).rejects.toThrow(/is a segment that begins with event 8/)
})
