import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verdictLines } from '../../app/audit/compare/verdict.ts'
import { type LedgerStage, now, stageLedger } from '../support/ledger-stage.ts'

let ledger: LedgerStage
beforeAll(async () => {
  ledger = await stageLedger(60, 20)
})
afterAll(() => ledger.close())

const verify = (more: Partial<Parameters<LedgerStage['verify']>[0]> = {}) =>
  ledger.verify({ stateDir: ledger.newState(), ...more })
const linesOf = (verdict: Awaited<ReturnType<typeof verify>>) => verdictLines(verdict).map(({ text }) => text)

test('an untouched ledger agrees with all there is, in one thread and in two, and so does a second look', async () => {
  const stateDir = ledger.newState()
  const first = await verify({ stateDir })
  expect(linesOf(first)).toEqual([
    'Chain intact: 60 events verified',
    'Checkpoints: 3 checkpoints agree, the newest over 60 events',
    'Signatures: those of 15 events hold',
    'Anchors: 3 commits of gitsudo-ledger agree, 3 checkpoints of this ledger, the newest over 60 events',
    'Merges: 6 requests on main each have their event',
    "Merges: GitHub's own pull requests not compared (--token and --repo)",
    'Receipts: not compared (--token and --repo)',
    'Witnesses: none given (--witness)',
    'Sealed, not anchored: none',
    'Newest anchor: over 60 events, of 2026-12-01T00:00:00.000Z, 30 days old',
  ])
  expect(first.exit).toBe(0)
  const second = await verify({ stateDir, threads: 2 })
  expect(linesOf(second)).toEqual([
    ...linesOf(first).slice(0, -2),
    'Earlier run: the ledger goes on from what it saw',
    ...linesOf(first).slice(-2),
  ])
})

test('without a key or a clone it says what stays unproven', async () => {
  const blind = { noKey: true, repositories: [] }
  const verdict = await verify(blind)
  expect(verdict.exit).toBe(3)
  expect(linesOf(verdict)).toContain(
    'Anchors: unproven: no clone of the anchor repository was given (--repository)',
  )
  expect(linesOf(verdict)).toContain(
    'Checkpoints: unproven: 3 checkpoints agree, the newest over 60 events, but no key is known that says who signed them (--key)',
  )
  expect((await verify({ ...blind, offline: true })).exit).toBe(0)
})

test('events under no checkpoint at all are said to be so, and --offline does not excuse it', async () => {
  const bare = await stageLedger(0, 20)
  try {
    const state = { stateDir: bare.newState(), repositories: [], offline: true }
    expect((await bare.verify(state)).exit).toBe(3)
    expect(linesOf(await bare.verify(state))).toEqual(
      expect.arrayContaining([
        'Chain intact: 1 events verified',
        'Checkpoints: unproven: there is none that vouches for these events',
      ]),
    )
    expect((await bare.verify({ ...state, noKey: true })).exit).toBe(3)
    expect((await bare.verify({ ...state, file: await bare.exported() })).exit).toBe(3)
    await bare.anchorNow()
    expect((await bare.verify(state)).exit).toBe(0)
  } finally {
    await bare.close()
  }
})

test('a clone of the anchor branch alone vouches for the whole ledger, and for no merge', async () => {
  const clone = join(ledger.dir, 'anchors-only')
  ledger.git(['clone', '--quiet', '--single-branch', '--branch', 'gitsudo-ledger', ledger.dir, clone])
  const verdict = await verify({ repositories: [clone] })
  expect(verdict.exit).toBe(0)
  expect(linesOf(verdict)).toEqual(
    expect.arrayContaining([
      'Anchors: 3 commits of gitsudo-ledger agree, 3 checkpoints of this ledger, the newest over 60 events',
      'Merges: not compared (--repository)',
      'Sealed, not anchored: none',
    ]),
  )
  // Together with a clone of what was merged, in any order, it is as the whole.
  const main = join(ledger.dir, 'main-only')
  ledger.git(['clone', '--quiet', '--single-branch', '--branch', 'main', ledger.dir, main])
  for (const repositories of [
    [clone, main],
    [main, clone],
  ])
    expect(linesOf(await verify({ repositories }))).toEqual(linesOf(await verify()))
  expect(linesOf(await verify({ repositories: [main] }))).toContain(
    'Anchors: unproven: no clone that was given has the branch gitsudo-ledger',
  )
})

test('a merge may wait for its verdict as long as grantWindow is configured', async () => {
  const merged = ledger.git(['log', '-1', '--format=%ct', ledger.tip])
  const parent = ledger.git(['rev-parse', 'main'])
  const files = { 'README.md': 'an access repository', 'requests/2026/12/late.yaml': 'late' }
  ledger.point('main', ledger.commit(files, [parent]))
  const merges = async (grantWindowMs: number) => {
    const { comparisons } = await verify({ grantWindowMs })
    return comparisons.find(({ of }) => of === 'merges')
  }
  const age = now - Number(merged) * 1_000
  expect(await merges(age + 1_000)).toMatchObject({
    outcome: 'agrees',
    said: '6 requests on main each have their event, 1 merged within the grant window wait for theirs',
  })
  expect(await merges(age - 1_000)).toMatchObject({
    outcome: 'fault',
    details: [expect.stringContaining('requests/2026/12/late.yaml reached main')],
  })
  // Of a backup that nobody holds more of, it is told all the same.
  const { exit, lost, comparisons } = await verify({ fromBackup: true })
  expect({ exit, lost }).toEqual({ exit: 0, lost: undefined })
  expect(comparisons.find(({ of }) => of === 'merges')).toMatchObject({
    outcome: 'agrees',
    said: '6 requests on main each have their event, 1 not decided when the backup was made',
    details: [
      expect.stringMatching(
        /^not decided when the backup was made: requests\/2026\/12\/late\.yaml \(merged as [0-9a-f]{12}\)$/,
      ),
    ],
  })
  ledger.point('main', parent)
})
