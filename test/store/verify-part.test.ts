// A verification of a part: what `--since` recomputes, what it believes, and what it does not.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { verdictLines } from '../../app/audit/compare/verdict.ts'
import { type LedgerStage, stageLedger } from '../support/ledger-stage.ts'
import { type Tampering, tamperWith } from '../support/tampering.ts'

/** Sizes of its checkpoints and anchors: 21, 41, 60. */
let ledger: LedgerStage
let hands: Tampering
beforeAll(async () => {
  ledger = await stageLedger(60, 20)
  hands = await tamperWith(ledger)
})
afterEach(() => hands.restore())
afterAll(() => ledger.close())

const since = (seq: number, more: Parameters<LedgerStage['verify']>[0] = {}) =>
  ledger.verify({ stateDir: ledger.newState(), since: { seq }, ...more })
const from = ({ notRecomputed }: Awaited<ReturnType<typeof since>>) => notRecomputed ?? 0
const edit = (seq: number, set: string) => hands.edit(`update audit_events set ${set} where seq = ${seq}`)
const flip = (column: string) => `${column} = set_byte(${column}, 3, get_byte(${column}, 3) # 1)`

test.each([
  [1, 0],
  [21, 0],
  [22, 21],
  [41, 21],
  [50, 41],
  [60, 41],
  [61, 60],
  [9_999, 60],
])('since event %i it begins after the newest checkpoint before it, that of %i', async (seq, begun) => {
  const verdict = await since(seq)
  expect(verdict).toMatchObject({ exit: 0, chain: { ok: true, events: 60 } })
  expect(from(verdict)).toBe(begun)
})

test('since a moment, on two threads, and said to people', async () => {
  const { rows } = await hands.edit(
    'select extract(epoch from at) * 1000 as at from audit_events where seq = 43',
  )
  const verdict = await since(0, { since: { time: Number(rows[0].at) }, threads: 2 })
  expect(verdict.exit).toBe(0)
  const lines = verdictLines(verdict).map(({ text }) => text)
  expect(lines).toContain('Chain intact: 19 events verified')
  expect(lines).toContain(
    'Events 1 to 41 were not recomputed: their leaves are those that the signed checkpoint of 41 vouches for',
  )
})

test('what came before is believed but for its leaves and the link that it goes on from', async () => {
  await edit(30, flip('body'))
  await edit(31, flip('chain'))
  await edit(32, "type = 'grant.issued'")
  expect((await since(50)).exit).toBe(0)
  expect((await since(41)).exit).toBe(1)
  await hands.restore()
  for (const change of [
    () => edit(30, flip('leaf')),
    () => edit(41, flip('chain')),
    () => hands.edit('delete from audit_events where seq = 30'),
  ]) {
    await change()
    const { exit, comparisons } = await since(50)
    expect(exit).toBe(1)
    expect(comparisons.find(({ of }) => of === 'checkpoints')?.details[0]).toMatch(
      /^the checkpoint it began at \(41 events\): (root|head): expected/,
    )
    await hands.restore()
  }
})

test('a checkpoint that nobody trusted signed is no beginning', async () => {
  await hands.edit('update checkpoints set note = $1 where size = 41', [await hands.forge(41)])
  const verdict = await since(50)
  expect(from(verdict)).toBe(21)
  expect(verdict.exit).toBe(1)
})

test.each([
  ['times', "update audit_events set at = at - interval '30 days' where seq between 30 and 41", 'time'],
  ['sizes', 'update checkpoints set size = 29 where size = 41', 'time'],
  ['sizes', 'update checkpoints set size = 29 where size = 41', 'seq'],
])('columns that give other %s lead it past nothing', async (_, change, by) => {
  const { rows } = await hands.edit(
    'select extract(epoch from at) * 1000 as at from audit_events where seq = 30',
  )
  await edit(30, flip('body'))
  await hands.edit(change)
  expect(await since(30, by === 'time' ? { since: { time: Number(rows[0].at) } } : {})).toMatchObject({
    exit: 1,
    chain: { seq: 30, what: 'leaf' },
  })
})

test('a ledger that is quiet since its newest checkpoint holds', async () => {
  const { comparisons } = await since(61)
  expect(comparisons[0]).toMatchObject({
    of: 'checkpoints',
    outcome: 'agrees',
    said: 'none is newer than that of 60 events, at which it began',
  })
})

test('what comes after is verified whole', async () => {
  await edit(50, flip('body'))
  expect(await since(45)).toMatchObject({ exit: 1, chain: { seq: 50, what: 'leaf', consistentAfter: 10 } })
})
