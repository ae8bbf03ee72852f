// An export is verified whenever somebody gets to it: what it had not yet heard of when it was made is no fault later.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyEverything } from '../../app/compose/verify.ts'
import { type LedgerStage, now, stageLedger } from '../support/ledger-stage.ts'

let ledger: LedgerStage
beforeAll(async () => {
  ledger = await stageLedger(30, 10)
  // The clone was fetched before the newest anchor on record was made, and after a merge that had no verdict yet.
  ledger.point('gitsudo-ledger', ledger.anchors[0] ?? '')
  const files = { 'README.md': 'an access repository', 'requests/2026/12/late.yaml': 'late' }
  ledger.point('main', ledger.commit(files, [ledger.git(['rev-parse', 'main'])]))
})
afterAll(() => ledger.close())

const hour = 3_600_000
/** Everything on stage happened within the second at which this is. */
const began = now - 30 * 24 * hour

const verify = async (file: string, at: number) => {
  const { exit, comparisons, newestAnchor } = await verifyEverything(
    {
      ...{ file, keys: [ledger.signer.key.text], witnesses: [], repositories: [ledger.dir] },
      ...{ fromBackup: false, grantWindowMs: hour, offline: false, stateDir: ledger.newState() },
    },
    {},
    at,
  )
  const told = (of: string) => comparisons.find((one) => one.of === of)
  return { exit, anchors: told('anchors'), merges: told('merges'), newestAnchor }
}

test('minutes, hours or a year after it was made, it comes to the same', async () => {
  const file = await ledger.exported()
  const first = await verify(file, began + 60_000)
  expect(first).toMatchObject({
    exit: 0,
    // At its last word, 29 ms after all anchors.
    newestAnchor: { size: 11, at: began, ageMs: 29 },
    anchors: { said: expect.stringContaining('1 of the last minutes are not in the clone yet') },
    merges: { said: expect.stringContaining('1 merged within the grant window wait for theirs') },
  })
  for (const later of [6 * 60_000, 2 * hour, 365 * 24 * hour])
    expect(await verify(file, began + later)).toEqual(first)
})

test('its last word is the latest time in it, wherever that stands: an old one at its end excuses nothing', async () => {
  const at = (n: number) => ledger.event(n, 'request.created', {}, { repo: 1 })
  await ledger.seal(at(2 * hour), at(900))
  expect(await verify(await ledger.exported(), began + 60_000)).toMatchObject({
    exit: 1,
    anchors: { details: [expect.stringContaining('which is not on the branch')] },
    merges: { details: [expect.stringContaining('late.yaml reached main')] },
  })
})
