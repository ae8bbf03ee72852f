// A ledger whose key was rotated: who has the first key follows the rotation, from the database, an export or a clone.
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type LedgerStage, now, stageLedger } from '../support/ledger-stage.ts'
import { type Tampering, tamperWith } from '../support/tampering.ts'

/** Checkpoints and anchors over 21, 41, 61, 81 and 100 events; those from 61 on are signed by the second key alone. */
let ledger: LedgerStage
let hands: Tampering
let first: string
let second: string
beforeAll(async () => {
  ledger = await stageLedger(100, 20, 40)
  hands = await tamperWith(ledger)
  first = ledger.signer.key.text
  second = ledger.next.key.text
})
afterEach(() => hands.restore())
afterAll(() => ledger.close())

const verify = (more: Parameters<LedgerStage['verify']>[0]) =>
  ledger.verify({ stateDir: ledger.newState(), ...more })
/** The database and an export of it. */
const places = async () => [{}, { file: await ledger.exported() }]
const noClone = { repositories: [], offline: true }
const delete1 = () => hands.edit('delete from key_rotations')
/** Four letters of a signature: the note still says which key it introduces. @param line from the end, 1 being the new key's */
const alter1 = async (line: number) => {
  const { rows } = await hands.edit('select note from key_rotations')
  const lines: string[] = rows[0].note.split('\n')
  const altered = lines.at(-1 - line)?.replace(/.{4}(?=.{40}$)/, 'AAAA') ?? ''
  await hands.edit('update key_rotations set note = $1', [lines.with(-1 - line, altered).join('\n')])
}

test('the first key alone verifies what came before and after the rotation', async () => {
  for (const where of await places())
    for (const clones of [{}, noClone]) {
      const { exit, comparisons } = await verify({ ...where, ...clones, keys: [first] })
      expect(exit).toBe(0)
      expect(comparisons).toContainEqual(
        expect.objectContaining({
          of: 'checkpoints',
          said: '5 checkpoints agree, the newest over 100 events',
        }),
      )
      expect(comparisons).toContainEqual(
        expect.objectContaining({ of: 'signatures', said: 'those of 25 events hold' }),
      )
    }
})

test('the newer key does not verify what came before it', async () => {
  for (const where of await places())
    expect(await verify({ ...where, keys: [second] })).toMatchObject({ exit: 1 })
})

const atFault = {
  exit: 1,
  comparisons: expect.arrayContaining([expect.objectContaining({ of: 'checkpoints', outcome: 'fault' })]),
}
test('a rotation that is deleted: the copy in the clone stands in, and without one the first key is not enough', async () => {
  await delete1()
  for (const where of await places()) {
    expect(await verify({ ...where, keys: [first] })).toMatchObject({ exit: 0 })
    expect(await verify({ ...where, ...noClone, keys: [first] })).toMatchObject(atFault)
    // Whoever gives all keys does not see it.
    expect(await verify({ ...where, ...noClone, keys: [first, second] })).toMatchObject({ exit: 0 })
  }
})

test.each([
  ['the old', 2],
  ['the new', 1],
])("a rotation with another signature of %s key's is a fault for all who know the first", async (_, line) => {
  await alter1(line)
  for (const where of await places())
    for (const clones of [{}, noClone])
      for (const keys of [[first], [first, second]])
        expect(await verify({ ...where, ...clones, keys })).toMatchObject(atFault)
})

test('the copy in the clone, gone too: the first key is not enough', async () => {
  await delete1()
  const checkpoint = await hands.noteOf(100)
  hands.appendAnchor({ checkpoint, keys: `${first}\n${second}\n` })
  expect(await verify({ keys: [first] })).toMatchObject({ exit: 1 })
})

test('the first key stolen: it can still sign for everything, and the newer key alone tells what came since', async () => {
  const since = { time: now - 30 * 86_400_000 + 70 }
  const recipe = { ...noClone, keys: [second], since }
  expect(await verify(recipe)).toMatchObject({ exit: 0 })
  expect(await verify({ ...recipe, repositories: [ledger.dir] })).toMatchObject({ exit: 1 })
  const witnesses = [{ name: 'siem', text: await hands.noteOf(41) }]
  expect(await verify({ ...recipe, witnesses })).toMatchObject({ exit: 1 })

  await hands.rechain(98, (text) => text.replace('"reason":"reason 97"', '"reason":"a better one"'))
  const forged = await hands.forge(100, undefined, ledger.signer)
  await hands.edit('update checkpoints set note = $1 where size = 100', [forged])
  expect(await verify({ ...noClone, keys: [first] })).toMatchObject({ exit: 0 })
  expect(await verify(recipe)).toMatchObject({
    exit: 1,
    comparisons: expect.arrayContaining([expect.objectContaining({ of: 'checkpoints', outcome: 'fault' })]),
  })
})
