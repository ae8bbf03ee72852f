import { expect, test } from 'vitest'
import { bodyOf } from '../../app/audit/body.ts'
import { leafHash, linkHash, originHead } from '../../app/audit/chain.ts'
import { checkpointText } from '../../app/audit/checkpoint.ts'
import type { ExportLine } from '../../app/audit/export-line.ts'
import { hex } from '../../app/audit/hex.ts'
import { createTree } from '../../app/audit/merkle.ts'
import { signNote } from '../../app/audit/note.ts'
import { findInExport, prove } from '../../app/audit/prove.ts'
import { noteSigner } from '../support/checkpoints.ts'
import { testEvent } from '../support/events.ts'

const origin = 'test-instance'
const signer = noteSigner(origin)
const ours = testEvent(5)
const request = ours.request ?? ''

/** These bodies and a checkpoint over all of them; then whatever else is stored as one. */
const ledger = (bodies: readonly Uint8Array[], more: (size: number) => readonly string[] = () => []) => {
  const tree = createTree()
  let head: Uint8Array = originHead(origin)
  const events = bodies.map((body, index): ExportLine & { kind: 'event' } => {
    const leaf = leafHash(body)
    head = linkHash(head, index + 1, leaf)
    tree.push(leaf)
    return {
      kind: 'event',
      seq: index + 1,
      body: Buffer.from(body),
      leaf: hex(leaf),
      chain: hex(head),
    }
  })
  const note = signNote(checkpointText({ origin, size: tree.size, root: tree.root(), head }), [signer])
  const notes = [note, ...more(tree.size)].map((one): ExportLine => ({ kind: 'checkpoint', note: one }))
  const lines = async function* () {
    yield* [...events, ...notes]
  }
  const leaves = async function* () {
    for (const { leaf } of events) yield Buffer.from(leaf, 'hex')
  }
  return { note, lines, leaves }
}

test('what names a request and is no event keeps nothing of it from being proved', async () => {
  const { lines, leaves } = ledger([Buffer.from(JSON.stringify({ x: request })), bodyOf(ours)])
  const { proofs } = await prove(await findInExport(lines(), { request }), leaves)
  expect(proofs.map(({ seq }) => seq)).toEqual([2])
  await expect(prove(await findInExport(lines(), { seq: 1 }), leaves)).rejects.toThrow()
})

test.each<[string, (size: number) => string]>([
  ['over more events than there are', (size) => forged(size + 1_000)],
  ['over as many', (size) => forged(size)],
  ['that is no note', () => 'x'],
])(
  'events are proved under the newest checkpoint that the chain agrees with, not one %s',
  async (_, other) => {
    const { note, lines, leaves } = ledger([bodyOf(ours)], (size) => [other(size)])
    const found = await findInExport(lines(), { request })
    expect(found.checkpoint).toBe(note)
    expect(await prove(found, leaves)).toMatchObject({ size: 1, proofs: [{ seq: 1 }], tooNew: [] })
  },
)

const forged = (size: number) =>
  signNote(checkpointText({ origin, size, root: Buffer.alloc(32, 7), head: Buffer.alloc(32, 7) }), [
    noteSigner(origin),
  ])
