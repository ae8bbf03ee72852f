import { type Checkpoint, readCheckpoint } from './checkpoint.ts'
import { hex } from './hex.ts'
import { NoteError, type NoteKey, openNote } from './note.ts'

/** What somebody holds about the ledger at one size: a stored checkpoint, an anchor, a witness's copy. */
export type Claim = Pick<Checkpoint, 'size' | 'root'> &
  Source & {
    /** A receipt does not say it. */
    readonly head?: Uint8Array
  }

/** Who says so; `by` in words: `anchor 3f2a…`, `witness siem.txt`. */
export type Source = {
  readonly of: 'checkpoints' | 'anchors' | 'receipts' | 'witnesses' | 'earlier run'
  readonly by: string
  /** An anchor's. */
  readonly commit?: string
}

/** Where the ledger, or the claim itself, is not as it has to be. */
export type ClaimFault = Source & {
  /** How many events the claim covers; absent where it cannot be read. */
  readonly size?: number
  /** `checkpoint`: the claim agrees, and the checkpoint that it was made of is not stored any more. */
  readonly what: 'note' | 'signature' | 'origin' | 'size' | 'root' | 'head' | 'checkpoint'
  readonly expected: string
  readonly found: string
}

export type Opened =
  | { readonly ok: true; readonly claim: Claim }
  | { readonly ok: false; readonly fault: ClaimFault }

/**
 * A signed note as a claim about the ledger of `origin`.
 * @param keys one of them must have signed it; undefined: nobody's key is known, so anybody may have
 */
export function readClaim(
  note: string,
  { origin, keys }: { readonly origin: string; readonly keys: readonly NoteKey[] | undefined },
  source: Source,
): Opened {
  const no = (what: ClaimFault['what'], expected: string, found: string, size?: number): Opened => ({
    ok: false,
    fault: { ...source, what, expected, found, ...(size === undefined ? {} : { size }) },
  })
  try {
    // Whoever holds a trusted key of another ledger has no say in this one.
    const { text, signedBy } = openNote(
      note,
      (keys ?? []).filter(({ name }) => name === origin),
    )
    const { origin: said, ...checkpoint } = readCheckpoint(text)
    if (said !== origin) return no('origin', origin, said, checkpoint.size)
    if (keys !== undefined && signedBy.length === 0)
      return no('signature', 'one of the keys that are trusted', 'none of them', checkpoint.size)
    return { ok: true, claim: { ...checkpoint, ...source } }
  } catch (error) {
    if (error instanceof NoteError) return no('note', 'a signed checkpoint', error.message)
    throw error
  }
}

/** Where the ledger as recomputed differs from what a claim says of its size. */
export function contradiction(
  claim: Claim,
  ledger: { readonly root: Uint8Array; readonly head: Uint8Array },
): ClaimFault | undefined {
  const { root, head, ...source } = claim
  for (const [what, expected] of [['root', root] as const, ['head', head] as const]) {
    if (expected !== undefined && Buffer.compare(expected, ledger[what]) !== 0)
      return { ...source, what, expected: hex(expected), found: hex(ledger[what]) }
  }
  return undefined
}
