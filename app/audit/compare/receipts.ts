import type { Claim } from '../claim.ts'
import type { Receipt } from '../receipt.ts'
import { type Comparison, compared, plural } from './comparison.ts'
import { skipped } from './lines.ts'

/** What receipts say of the ledger as a whole. */
export const receiptClaims = (receipts: readonly Receipt[]): readonly Claim[] =>
  receipts.flatMap(({ pull, checkpoint }) =>
    checkpoint === undefined ? [] : [{ ...checkpoint, of: 'receipts', by: `receipt in #${pull}` } as const],
  )

/** What Apps wrote in the form of a receipt, `app` being one's id and name. */
export type OfOthers = readonly { readonly app: string; readonly receipts: number }[]

/** Where none is known to be gitsudo's: any workflow can write the like. @param app gitsudo's, where it was said */
export const unattributed = (app: number | undefined, written: OfOthers): Comparison => {
  const why = app === undefined ? "which App is gitsudo's was not said" : `none is of the App ${app}`
  return { of: 'receipts', outcome: 'unproven', said: `${why} (--app): ${named(written)}`, details: [] }
}

const named = (written: OfOthers): string =>
  written.map(({ app, receipts }) => `${receipts} of ${app}`).join(', ')

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
  others: OfOthers = [],
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
  const rest = [
    ...(later === 0 ? [] : [`${later} of events after the last one not compared`]),
    ...(others.length === 0 ? [] : [`not gitsudo's: ${named(others)}`]),
  ].join('; ')
  const wrong = [...faults, ...more]
  if (count === 0 && rest !== '' && wrong.length === 0) return { ...skipped('receipts', rest), beyond }
  const good = `${plural(count, 'receipt')} in pull requests ${count === 1 ? 'agrees' : 'agree'}`
  return { ...compared('receipts', `${good}${rest && `; ${rest}`}`, wrong), beyond }
}
