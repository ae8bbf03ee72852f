import type { Claim } from '../claim.ts'
import type { Receipt } from '../receipt.ts'
import { type Comparison, compared, plural } from './comparison.ts'
import { skipped } from './lines.ts'

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
  const faults = receipts.flatMap(({ pull, seq, leaf, checkpoint }) => {
    const found = places.get(leaf)
    if (checkpoint !== undefined && checkpoint.size < seq)
      return [
        `#${pull}: event ${seq} cannot be under the checkpoint of ${checkpoint.size} events that it names`,
      ]
    if (found === seq || (found === undefined && seq > size)) return []
    return [
      `#${pull}: event ${seq} has the leaf ${leaf}: ${found === undefined ? 'there is none' : `it is event ${found}`}`,
    ]
  })
  const beyond = Math.max(0, ...receipts.filter(({ leaf }) => !places.has(leaf)).map(({ seq }) => seq))
  const later = receipts.filter(({ leaf, seq }) => seq > size && !places.has(leaf)).length
  const count = receipts.length - later
  const rest = later === 0 ? '' : `${later} of events after the last one not compared`
  const wrong = [...faults, ...more]
  if (count === 0 && rest !== '' && wrong.length === 0) return { ...skipped('receipts', rest), beyond }
  const good = `${plural(count, 'receipt')} in pull requests ${count === 1 ? 'agrees' : 'agree'}`
  return { ...compared('receipts', `${good}${rest && `; ${rest}`}`, wrong), beyond }
}
