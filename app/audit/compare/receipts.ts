import type { Claim } from '../claim.ts'
import type { Receipt } from '../receipt.ts'
import { type Comparison, compared, plural } from './comparison.ts'

/** What receipts say of the ledger as a whole. */
export const receiptClaims = (receipts: readonly Receipt[]): readonly Claim[] =>
  receipts.flatMap(({ pull, checkpoint }) =>
    checkpoint === undefined ? [] : [{ ...checkpoint, of: 'receipts', by: `receipt in #${pull}` } as const],
  )

/**
 * @param places leaf (hex) → seq of the receipts' leaves that the ledger holds
 * @param size how many events it has
 */
export function compareReceipts(
  receipts: readonly Receipt[],
  places: ReadonlyMap<string, number>,
  size: number,
  /** Of the checkpoints they name. */
  more: readonly string[],
): Comparison & { readonly beyond: number } {
  const faults = receipts.flatMap(({ pull, seq, leaf }) => {
    const found = places.get(leaf)
    if (found === seq || (found === undefined && seq > size)) return []
    return [
      `#${pull}: event ${seq} has the leaf ${leaf}: ${found === undefined ? 'there is none' : `it is event ${found}`}`,
    ]
  })
  const beyond = Math.max(0, ...receipts.filter(({ leaf }) => !places.has(leaf)).map(({ seq }) => seq))
  const good = `${plural(receipts.length, 'receipt')} in pull requests ${receipts.length === 1 ? 'agrees' : 'agree'}`
  return { ...compared('receipts', good, [...faults, ...more]), beyond }
}
