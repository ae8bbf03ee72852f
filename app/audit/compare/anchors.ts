import { type Claim, readClaim } from '../claim.ts'
import type { LedgerEvent } from '../event.ts'
import type { NoteKey } from '../note.ts'
import { told } from './comparison.ts'

/** One commit of the anchor branch. */
export type AnchorVersion = {
  readonly sha: string
  readonly parents: readonly string[]
  /** The signed note in its file `checkpoint`. */
  readonly checkpoint?: string
}

/** The branch as somebody's clone has it: parents before children, and what lies beside the tip's checkpoint. */
export type AnchorBranch = {
  readonly commits: readonly AnchorVersion[]
  readonly keys: readonly string[]
  readonly rotations: readonly string[]
}

export type Anchors = {
  /** Commit → its place on the branch. */
  readonly places: ReadonlyMap<string, number>
  /** Commit → what is signed there. */
  readonly checkpoints: ReadonlyMap<string, Claim>
  /** One for each size that was anchored. */
  readonly claims: readonly Claim[]
  readonly newest?: { readonly sha: string; readonly size: number; readonly note: string }
  readonly faults: readonly { readonly text: string; readonly fellAfter?: string }[]
}

/**
 * What the branch says of the ledger, and whether it only ever grew: each commit has the one before as its only
 * parent, each holds a checkpoint that is signed and covers no less than the one before, and what an earlier run saw
 * last is still there.
 * @param trust `keys` with what the branch's own rotations lead to; undefined where nobody's key is known
 * @param lastSeen the anchor commit that an earlier run ended with
 */
export function readAnchors(
  { commits, keys: published, rotations }: AnchorBranch,
  trust: { readonly origin: string; readonly keys: readonly NoteKey[] | undefined },
  lastSeen?: string,
): Anchors {
  const faults: { text: string; fellAfter?: string }[] = []
  const wrong = (text: string) => void faults.push({ text })
  const claims = new Map<string, Claim>()
  const checkpoints = new Map<string, Claim>()
  let before: { readonly sha: string; readonly size: number } | undefined
  let newest: Anchors['newest']
  for (const { sha, parents, checkpoint } of commits) {
    const by = `anchor ${sha.slice(0, 12)}`
    const due = before === undefined ? [] : [before.sha]
    if (parents.length !== due.length || parents[0] !== due[0])
      wrong(
        `${by}: its parents are ${parents.map(short).join(', ') || 'none'}, not ${due.map(short).join() || 'none'}`,
      )
    const opened = readClaim(checkpoint ?? '', trust, { of: 'anchors', by, commit: sha })
    if (!opened.ok) {
      wrong(told(opened.fault))
      before = { sha, size: before?.size ?? 0 }
      continue
    }
    const { size } = opened.claim
    checkpoints.set(sha, opened.claim)
    if (before !== undefined && size < before.size)
      faults.push({
        text: `${by}: covers ${size} events, fewer than the ${before.size} of the anchor before it`,
        fellAfter: before.sha,
      })
    const said = `${size} ${checkpoint}`
    if (!claims.has(said)) claims.set(said, opened.claim)
    before = { sha, size }
    newest = { sha, size, note: checkpoint ?? '' }
  }
  const places = new Map(commits.map(({ sha }, place) => [sha, place]))
  if (lastSeen !== undefined && !places.has(lastSeen))
    wrong(`anchor ${short(lastSeen)}, which an earlier run ended with, is not on the branch any more`)
  if (trust.keys !== undefined) {
    const trusted = new Set(trust.keys.map(({ text }) => text))
    for (const text of published)
      if (!trusted.has(text)) wrong(`the branch publishes a key that nobody vouches for: ${text}`)
    for (const note of rotations) {
      if (![...trusted].some((text) => note.includes(`\n${text}\n`)))
        wrong('the branch holds a rotation that does not lead to a trusted key')
    }
  }
  return {
    places,
    checkpoints,
    claims: [...claims.values()],
    ...(newest === undefined ? {} : { newest }),
    faults,
  }
}

/** Reads `ledger.anchored` events: what the ledger says it anchored has to be on the branch. */
export function createAnchoredCheck(
  { places, newest }: Anchors,
  /** RFC 3339. A clone is fetched before the ledger is read: anchors made since then need not be in it. */
  fetchedBy: string,
) {
  const faults: string[] = []
  let fresh = 0
  let after = 0
  return {
    see(seq: number, event: LedgerEvent): void {
      if (event.type !== 'ledger.anchored') return
      if (seq > (newest?.size ?? 0)) after += 1
      const commit = event.commit
      if (commit !== undefined && places.has(commit)) return
      if (event.at > fetchedBy) fresh += 1
      else faults.push(`event ${seq} names the anchor ${short(String(commit))}, which is not on the branch`)
    },
    /** `after`: how many of these events are newer than the newest anchor, as the last one always is. */
    end: () => ({ faults, fresh, after }),
  }
}

const short = (sha: string): string => sha.slice(0, 12)
