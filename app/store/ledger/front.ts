import { type CommonQueryMethods, sql } from 'slonik'
import { z } from 'zod'
import { linkHash, originHead } from '../../audit/chain.ts'
import { createTree, type MerkleTree } from '../../audit/merkle.ts'
import { atMost, longest } from '../longest.ts'
import { LedgerError } from './error.ts'

/** The ledger up to some event, in constant memory. */
export type Front = { readonly tree: MerkleTree; readonly head: Uint8Array }

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const row = z.object({ seq: z.number(), leaf: bytes, chain: bytes })
const pageSize = 2_000

export const emptyFront = (origin: string): Front => ({ tree: createTree(), head: originHead(origin) })

/**
 * The front moved on to `size` by leaves and links alone, each link computed anew; `from` is left as it is.
 * @throws LedgerError `tampered` where an event is gone or its link does not hold
 */
export const advance = async (run: CommonQueryMethods, from: Front, size: number): Promise<Front> => {
  const tree = from.tree.copy()
  let { head } = from
  while (tree.size < size) {
    const rows = await run.any(sql.type(row)`
      select seq, ${atMost(longest.hash, 'leaf')}, ${atMost(longest.hash, 'chain')} from audit_events
      where seq > ${tree.size} and seq <= ${size} order by seq limit ${pageSize}`)
    for (const { seq, leaf, chain } of rows) {
      if (seq !== tree.size + 1) throw new LedgerError('tampered', `event ${tree.size + 1} is gone`)
      head = linkHash(head, seq, leaf)
      if (Buffer.compare(head, chain) !== 0)
        throw new LedgerError('tampered', `event ${seq} was altered after it was sealed`)
      tree.push(leaf)
    }
    if (rows.length === 0) throw new LedgerError('tampered', `event ${tree.size + 1} is gone`)
  }
  return { tree, head }
}
