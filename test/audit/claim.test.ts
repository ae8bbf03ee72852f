import { expect, test } from 'vitest'
import { checkpointText } from '../../app/audit/checkpoint.ts'
import { readClaim } from '../../app/audit/claim.ts'
import { signNote } from '../../app/audit/note.ts'
import { noteSigner } from '../support/checkpoints.ts'

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
