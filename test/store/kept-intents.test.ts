import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { keysOf } from '../../app/compose/keys.ts'
import type { Open } from '../../app/grant/standing.ts'
import { type Database, openDatabase } from '../../app/store/database.ts'
import { keptIntents } from '../../app/store/ledger/kept-intents.ts'
import { withClient } from '../support/client.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryLog } from '../support/memory/log.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

const signing = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const [older, newer] = [1, 2].map(() => randomBytes(32).toString('base64')) as [string, string]
const open = (...seqs: readonly number[]): Open[] =>
  seqs.map((seq) => ({ intent: anIntent(seq, 0), seq, stage: 'intended', blocked: false }))

let postgres: TestDatabase
let database: Database

beforeEach(async () => {
  postgres = await createTestDatabase()
  database = await openDatabase(postgres.appUrl)
})
afterEach(async () => {
  await database.close()
  await postgres.drop()
})

const by = (...mac: readonly string[]) => {
  const log = memoryLog()
  const kept = keptIntents(database, keysOf({ signing: [signing], mac }), log)
  return {
    alerts: () => log.lines.map(({ message }) => message),
    keep: (seq: number, ...seqs: readonly number[]) =>
      database.transaction((tx) => kept.keep(tx, open(...seqs), seq)),
    of: async (...seqs: readonly number[]) => [...(await kept.of(seqs))].toSorted(([a], [b]) => a - b),
  }
}
const said = (...seqs: readonly number[]) => open(...seqs).map(({ seq, intent }) => [seq, intent])
const versions = () =>
  withClient(postgres.ownerUrl, async (client) => {
    const { rows } = await client.query<{ seq: number; xmin: string }>(
      'select seq::int, xmin::text from kept_intents order by seq',
    )
    return rows
  })

test('an intent is written once, said as it was, and goes when its grant is over', async () => {
  const { keep, of } = by(older)
  await keep(2, 1, 2)
  expect(await of(1, 2, 3)).toEqual(said(1, 2))
  const before = await versions()
  await keep(3, 1, 2, 3)
  expect(await versions()).toEqual([...before, expect.objectContaining({ seq: 3 })])
  await keep(9, 3)
  expect(await of(1, 2, 3)).toEqual(said(3))
})

test('who has read less takes nothing from who has read more, and brings back what it needs itself', async () => {
  const { keep, of } = by(older)
  await keep(5, 2, 5)
  await keep(3, 1, 2)
  expect(await of(1, 2, 5)).toEqual(said(1, 2, 5))
})

test('more than one statement carries', async () => {
  const { keep, of } = by(older)
  const seqs = Array.from({ length: 2001 }, (_, n) => n + 1)
  await keep(2001, ...seqs)
  expect(await of(...seqs)).toHaveLength(2001)
})

test.each([
  ['altered', `update kept_intents set intent = replace(intent, '1001', '1002')`],
  ['put in the place of another', 'update kept_intents set seq = 3 where seq = 1'],
])('what was %s is not ours, and is told of', async (_, statement) => {
  const { keep, of, alerts } = by(older)
  await keep(1, 1)
  await withClient(postgres.ownerUrl, (client) => client.query(statement))
  expect(await of(1, 3)).toEqual([])
  expect(alerts()).toEqual(['ledger.standing_forged'])
})

/** As the service's own role, which may write there; the id of its MAC key stands beside every row. */
test.each([
  ['before ours came', '', `insert into kept_intents values (2, '{}', $1, 'AAAA')`],
  ['as another of ours', '1', 'insert into kept_intents select 2, intent, mac_key, mac from kept_intents'],
  ['altered', '1 2', `update kept_intents set intent = replace(intent, '1001', '1002') where seq = 2`],
  ['with another MAC', '1 2', `update kept_intents set mac = 'AAAA' where seq = 2`],
])('what lies in the place of one, %s, gives way to it, and is told of', async (_, kept, statement) => {
  const { keep, of, alerts } = by(older)
  const seqs = kept.split(' ').filter(Boolean).map(Number)
  await keep(seqs.length, ...seqs)
  const { key } = keysOf({ signing: [signing], mac: [older] }).mac('intent', {})
  await withClient(postgres.appUrl, (client) => client.query(statement.replace('$1', `'${key}'`)))
  await keep(2, 1, 2)
  expect(alerts()).toEqual(['ledger.standing_forged'])
  expect(await of(1, 2)).toEqual(said(1, 2))
  await keep(3, 1, 2)
  expect(alerts()).toHaveLength(1)
})

test('where the place of one has been seen since, that is kept, too', async () => {
  const { of, alerts } = by(older)
  const log = memoryLog()
  const kept = keptIntents(database, keysOf({ signing: [signing], mac: [older] }), log)
  const [one] = open(1)
  if (one === undefined) throw new Error('no intent')
  const placed = { ...one, intent: { ...one.intent, place: 'there' } }
  for (const known of [one, placed]) await database.transaction((tx) => kept.keep(tx, [known], 1))
  expect(await of(1)).toEqual([[1, placed.intent]])
  expect([...alerts(), ...log.lines]).toEqual([])
})

test('a new key takes over, so that the old one may go', async () => {
  await by(older).keep(1, 1)
  await by(newer, older).keep(1, 1)
  expect(await by(newer).of(1)).toEqual(said(1))
})
