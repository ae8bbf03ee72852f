import { expect, test } from 'vitest'
import { leafHash, linkHash, originHead } from '../../app/audit/chain.ts'
import { checkpointText } from '../../app/audit/checkpoint.ts'
import { readClaim } from '../../app/audit/claim.ts'
import { signNote } from '../../app/audit/note.ts'
import { checkProof } from '../../app/audit/proof.ts'
import { noteSigner, type Signer } from '../support/checkpoints.ts'

const ours = noteSigner('ours')
const theirs = noteSigner('theirs')
const keys = [ours.key, theirs.key]
const says = (origin: string) =>
  checkpointText({ origin, size: 7, root: new Uint8Array(32), head: new Uint8Array(32) })

test.each([
  ['a key of its own name', 'ours', ours, undefined],
  ['a trusted key of another ledger', 'ours', theirs, 'signature'],
  ['its key, about another ledger', 'theirs', ours, 'origin'],
  ['a key that nobody trusts', 'ours', noteSigner('ours'), 'signature'],
])('a checkpoint signed by %s', (_, origin, signer, fault) => {
  const opened = readClaim(
    signNote(says(origin), [signer]),
    { origin: 'ours', keys },
    { of: 'witnesses', by: 'a witness' },
  )
  expect(opened.ok ? undefined : opened.fault.what).toBe(fault)
})

test('a proof needs the signature of a key of its checkpoint’s ledger', () => {
  const body = Buffer.from('{}')
  const at = { size: 1, root: leafHash(body), head: linkHash(originHead('ours'), 1, leafHash(body)) }
  const proof = (...signers: readonly Signer[]) => ({
    ...{ body, seq: 1, path: [], rotations: [] },
    checkpoint: signNote(checkpointText({ origin: 'ours', ...at }), signers),
  })
  expect(checkProof(proof(theirs, ours), keys).origin).toBe('ours')
  for (const signer of [theirs, noteSigner('ours')])
    expect(() => checkProof(proof(signer), keys)).toThrow('signed by none of the keys given')
})
