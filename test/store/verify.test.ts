import { afterAll, beforeAll, expect, test } from 'vitest'
import { verdictLines } from '../../app/audit/compare/verdict.ts'
import { type LedgerStage, stageLedger } from '../support/ledger-stage.ts'

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
  ])
  expect(first.exit).toBe(0)
  const second = await verify({ stateDir, threads: 2 })
  expect(linesOf(second)).toEqual([
    ...linesOf(first).slice(0, -1),
    'Earlier run: the ledger goes on from what it saw',
    'Sealed, not anchored: none',
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
