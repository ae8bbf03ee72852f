import { generateKeyPairSync } from 'node:crypto'
import { sql } from 'slonik'
import { z } from 'zod'
import { originHead } from '../../app/audit/chain.ts'
import { checkpointText } from '../../app/audit/checkpoint.ts'
import { createTree } from '../../app/audit/merkle.ts'
import { noteKey, signNote } from '../../app/audit/note.ts'
import type { Database } from '../../app/store/database.ts'
import { putCheckpoint } from '../../app/store/ledger/checkpoints.ts'

export type Signer = Parameters<typeof signNote>[1][number]

/** A signing key made for this run. */
export const noteSigner = (name: string): Signer => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return { key: noteKey(name, publicKey), privateKey }
}

const bytes = z.custom<Buffer>((value) => Buffer.isBuffer(value))

/** Signs and stores a checkpoint over all that is sealed; the note. */
export async function checkpointNow(
  database: Database,
  signer: Signer,
  madeAt: number = Date.now(),
): Promise<string> {
  const origin = signer.key.name
  const rows = await database.run.any(sql.type(z.object({ leaf: bytes, chain: bytes }))`
    select leaf, chain from audit_events order by seq`)
  const tree = createTree()
  for (const { leaf } of rows) tree.push(leaf)
  const head = rows.at(-1)?.chain ?? originHead(origin)
  const note = signNote(checkpointText({ origin, size: tree.size, root: tree.root(), head }), [signer])
  await database.transaction((tx) => putCheckpoint(tx, { size: tree.size, note, madeAt }))
  return note
}
