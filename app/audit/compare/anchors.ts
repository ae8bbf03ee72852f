import { hash } from 'node:crypto'
import { type Claim, readClaim } from '../claim.ts'
import type { LedgerEvent } from '../event.ts'
import type { NoteKey } from '../note.ts'
import { isHeld } from '../rotation.ts'
import { told } from './comparison.ts'

/** One commit of the anchor branch. */
export type AnchorVersion = {
  readonly sha: string
  readonly parents: readonly string[]
  /** Committer's time, epoch ms. */
  readonly at: number
  /** The signed note in its file `checkpoint`. */
  readonly checkpoint?: string
}

/** The branch as somebody's clone has it: parents before children, and what lies beside the tip's checkpoint. */
export type AnchorBranch = {
  readonly shas: readonly string[]
  /** One after the other, in that order. */
  commits(): AsyncIterable<AnchorVersion>
  readonly keys: readonly string[]
  readonly rotations: readonly string[]
}

export type Anchors = {
  /** Commit → its place on the branch. */
  readonly places: ReadonlyMap<string, number>
  /** Commit → what is signed there. */
  readonly checkpoints: ReadonlyMap<string, Claim>
  /** Commit → the signed note, of the last ones. */
  readonly notes: ReadonlyMap<string, string>
  /** Commit → its committer's time, epoch ms. */
  readonly times: ReadonlyMap<string, number>
  /** One for each size that was anchored. */
  readonly claims: readonly Claim[]
  readonly newest?: { readonly sha: string; readonly size: number }
  readonly faults: readonly { readonly text: string; readonly fellAfter?: string }[]
}

type Trust = { readonly origin: string; readonly keys: readonly NoteKey[] | undefined }

/**
 * What all clones' branches say of the ledger: `anchorRepository` may have been taken elsewhere. Each only ever grew, and
 * what an earlier run saw last is still on one. They come in the order in which the ledger left them.
 * @param trust `keys` with what the branches' own rotations lead to; undefined where nobody's key is known
 * @param lastSeen the anchor commit that an earlier run ended with
 */
export async function readAnchors(
  branches: readonly AnchorBranch[],
  trust: Trust,
  lastSeen?: string,
): Promise<Anchors | undefined> {
  const read: Anchors[] = []
  for (const branch of apart(branches)) read.push(await readBranch(branch, trust))
  read.sort((a, b) => (a.newest?.size ?? 0) - (b.newest?.size ?? 0))
  if (read.length === 0) return undefined
  const newest = read.at(-1)?.newest
  const places = new Map<string, number>()
  for (const one of read) for (const sha of one.places.keys()) places.set(sha, places.size)
  const faults = read.flatMap((one) => one.faults)
  for (const [root = '', { length }] of Map.groupBy(read, (one) => one.places.keys().next().value))
    if (length > 1)
      faults.push({ text: `the branches of two clones begin with anchor ${short(root)} and part after it` })
  if (lastSeen !== undefined && !places.has(lastSeen)) {
    const text = `anchor ${short(lastSeen)}, which an earlier run ended with, is not on the branch any more`
    faults.push({ text })
  }
  return {
    places,
    checkpoints: merged(read.map((one) => one.checkpoints)),
    notes: merged(read.map((one) => one.notes)),
    times: merged(read.map((one) => one.times)),
    claims: read.flatMap((one) => one.claims),
    ...(newest && { newest }),
    faults,
  }
}

/** Of one branch, as it is: a copy would be as large. */
function merged<T>(all: readonly ReadonlyMap<string, T>[]): ReadonlyMap<string, T> {
  const [only] = all
  if (only !== undefined && all.length === 1) return only
  const together = new Map<string, T>()
  for (const one of all) for (const [key, value] of one) together.set(key, value)
  return together
}

/** Without those that another clone of the same repository has, too. */
const apart = (branches: readonly AnchorBranch[]): readonly AnchorBranch[] =>
  branches.filter((one, index) => {
    const tip = one.shas.at(-1)
    return !branches.some(
      ({ shas }, other) =>
        other !== index && shas.some((sha) => sha === tip) && (shas.at(-1) !== tip || other < index),
    )
  })

/**
 * One branch: each commit has the one before as its only parent, and holds a checkpoint that is signed and covers no
 * less than the one before.
 */
async function readBranch(
  { commits, keys: published, rotations }: AnchorBranch,
  trust: Trust,
): Promise<Anchors> {
  const faults: { text: string; fellAfter?: string }[] = []
  const wrong = (text: string) => void faults.push({ text })
  const claims = new Map<string, Claim>()
  const checkpoints = new Map<string, Claim>()
  const own = copier()
  const notes = new Map<string, string>()
  const times = new Map<string, number>()
  const places = new Map<string, number>()
  let before: { readonly sha: string; readonly size: number } | undefined
  let newest: Anchors['newest']
  for await (const { sha, parents, at, checkpoint } of commits()) {
    places.set(sha, places.size)
    times.set(sha, at)
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
    const { size, root, head } = opened.claim
    const claim = { ...opened.claim, root: own(root), ...(head && { head: own(head) }) }
    checkpoints.set(sha, claim)
    notes.set(sha, checkpoint ?? '')
    const [oldest] = notes.size > notesKept ? notes.keys() : []
    if (oldest !== undefined) notes.delete(oldest)
    if (before !== undefined && size < before.size)
      faults.push({
        text: `${by}: covers ${size} events, fewer than the ${before.size} of the anchor before it`,
        fellAfter: before.sha,
      })
    const said = `${size} ${hash('sha256', checkpoint ?? '', 'base64')}`
    if (!claims.has(said)) claims.set(said, claim)
    before = { sha, size }
    newest = { sha, size }
  }
  if (trust.keys !== undefined) {
    const trusted = new Set(trust.keys.map(({ text }) => text))
    for (const text of published)
      if (!trusted.has(text)) wrong(`the branch publishes a key that nobody vouches for: ${text}`)
    for (const note of rotations) {
      if (!isHeld(note, trust.keys)) wrong('the branch holds a rotation that does not lead to a trusted key')
    }
  }
  return {
    places,
    checkpoints,
    notes,
    times,
    claims: [...claims.values()],
    ...(newest === undefined ? {} : { newest }),
    faults,
  }
}

/**
 * Reads `ledger.anchored` events: what the ledger says it anchored has to be on a branch. Of a repository that it has left,
 * and that no clone is of, that cannot be told.
 */
export function createAnchoredCheck(
  { places }: Anchors,
  /** RFC 3339. A clone is fetched before the ledger is read: anchors made since then need not be in it. */
  fetchedBy: string,
) {
  const missing: { readonly seq: number; readonly commit: string; readonly repo: number | undefined }[] = []
  const atHand = new Set<number | undefined>()
  let last: number | undefined
  let fresh = 0
  const seqs: number[] = []
  return {
    see(seq: number, { type, at, repo, commit = '' }: LedgerEvent): void {
      if (type !== 'ledger.anchored') return
      seqs.push(seq)
      last = repo
      if (places.has(commit)) atHand.add(repo)
      else if (at > fetchedBy) fresh += 1
      else missing.push({ seq, commit, repo })
    },
    /**
     * `after`: how many of these events come after so many, as the last one always does after the newest anchor. `elsewhere`: how many
     * name anchors in repositories that no clone is of.
     */
    end() {
      const due = missing.filter(({ repo }) => repo === last || atHand.has(repo))
      const faults = due.map(
        ({ seq, commit }) => `event ${seq} names the anchor ${short(commit)}, which is not on the branch`,
      )
      const after = (size: number) => seqs.filter((seq) => seq > size).length
      return { faults, fresh, after, elsewhere: missing.length - due.length }
    },
  }
}

/** Copies hashes side by side: each would keep the whole of what it was read from. */
function copier(): (bytes: Uint8Array) => Uint8Array {
  let block = new Uint8Array(0)
  let at = 0
  return (bytes) => {
    if (at + bytes.length > block.length) {
      block = new Uint8Array(65_536)
      at = 0
    }
    block.set(bytes, at)
    at += bytes.length
    return block.subarray(at - bytes.length, at)
  }
}

/** The newest that agrees is remembered by a run: further back there are as many checkpoints missing as to be at fault. */
const notesKept = 1_000

const short = (sha: string): string => sha.slice(0, 12)
