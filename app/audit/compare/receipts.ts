import { type Comparison, compared, plural } from './comparison.ts'

/** What a pull request's comment says of one event. */
export type Receipt = { readonly pull: number; readonly seq: number; readonly leaf: string }

/** The receipts in a comment of ours. */
export const receiptsIn = (pull: number, comment: string): readonly Receipt[] =>
  [...comment.matchAll(/receipt: event (\d{1,15}), leaf `?([0-9a-f]{64})/g)].map(([, seq, leaf = '']) => ({
    pull,
    seq: Number(seq),
    leaf,
  }))

/**
 * @param places leaf (hex) → seq of the receipts' leaves that the ledger holds
 * @param size how many events it has
 */
export function compareReceipts(
  receipts: readonly Receipt[],
  places: ReadonlyMap<string, number>,
  size: number,
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
  return { ...compared('receipts', good, faults), beyond }
}
