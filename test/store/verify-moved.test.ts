// `anchorRepository` was taken elsewhere: what each clone that is given has of the anchors, and what none has.
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { checkpointNow } from '../support/checkpoints.ts'
import { type LedgerStage, now, stageLedger } from '../support/ledger-stage.ts'

/** Anchored over 21, 41 and 60 events, and over 61 in another repository. */
let ledger: LedgerStage
let moved: string
beforeAll(async () => {
  ledger = await stageLedger(60, 20)
  await ledger.seal(ledger.event(70, 'request.created', {}, { repo: 1 }))
  const checkpoint = await checkpointNow(ledger.database, ledger.signer, now)
  const commit = ledger.commit({ checkpoint, keys: `${ledger.signer.key.text}\n` }, [])
  moved = clone('moved', commit)
  await ledger.seal(ledger.event(80, 'ledger.anchored', {}, { repo: 98, commit }))
})
afterEach(() => ledger.point('gitsudo-ledger', ledger.anchors[2] ?? ''))
afterAll(() => ledger.close())

/** A repository that has nothing but anchors. */
function clone(name: string, tip: string): string {
  const dir = join(ledger.dir, name)
  ledger.git(['init', '--quiet', '--bare', dir])
  ledger.git(['push', '--quiet', dir, `${tip}:refs/heads/gitsudo-ledger`])
  return dir
}
const anchors = async (...repositories: readonly string[]) => {
  const { exit, comparisons } = await ledger.verify({ stateDir: ledger.newState(), repositories })
  return { exit, ...comparisons.find(({ of }) => of === 'anchors') }
}

test('clones of both, in any order, have all of them', async () => {
  const whole = { exit: 0, said: expect.stringMatching(/^4 commits .*, the newest over 61 events$/) }
  expect(await anchors(ledger.dir, moved)).toMatchObject(whole)
  expect(await anchors(moved, ledger.dir)).toMatchObject(whole)
})

test('without the one that was left its anchors are unproven; without the newest they are missing', async () => {
  expect(await anchors(moved)).toMatchObject({
    exit: 3,
    outcome: 'unproven',
    said: expect.stringContaining('; 2 in a repository that the ledger was anchored in before'),
  })
  expect(await anchors(ledger.dir)).toMatchObject({
    exit: 1,
    details: [expect.stringMatching(/^event 62 names the anchor .* not on the branch$/)],
  })
})

test('what is missing from the clone that was left is a fault', async () => {
  ledger.point('gitsudo-ledger', ledger.anchors[0] ?? '')
  expect(await anchors(moved, ledger.dir)).toMatchObject({
    exit: 1,
    details: [expect.stringContaining(`names the anchor ${ledger.anchors[1]?.slice(0, 12)}`)],
  })
})

test('an older clone of the same is as good as none; one that parts from it is a fault', async () => {
  const older = clone('older', ledger.anchors[1] ?? '')
  expect(await anchors(older, ledger.dir, moved, moved)).toMatchObject({
    exit: 0,
    said: expect.stringMatching(/^4 commits/),
  })
  const [root = ''] = ledger.anchors
  const checkpoint = ledger.git(['show', `${root}:checkpoint`])
  const other = clone('parted', ledger.commit({ checkpoint: `${checkpoint}\n` }, [root]))
  expect(await anchors(other, ledger.dir, moved)).toMatchObject({
    exit: 1,
    details: [expect.stringContaining(`begin with anchor ${root.slice(0, 12)} and part after it`)],
  })
})
