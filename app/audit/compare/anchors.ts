import { type Claim, readClaim } from '../claim.ts'
import type { LedgerEvent } from '../event.ts'
import type { NoteKey } from '../note.ts'
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
  readonly commits: readonly AnchorVersion[]
  readonly keys: readonly string[]
  readonly rotations: readonly string[]
}

export type Anchors = {
  /** Commit → its place on the branch. */
  readonly places: ReadonlyMap<string, number>
  /** Commit → what is signed there. */
  readonly checkpoints: ReadonlyMap<string, Claim>
  /** Commit → the signed note. */
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
export function readAnchors(
  branches: readonly AnchorBranch[],
  trust: Trust,
  lastSeen?: string,
): Anchors | undefined {
  const read = apart(branches)
    .map((branch) => readBranch(branch, trust))
    .toSorted((a, b) => (a.newest?.size ?? 0) - (b.newest?.size ?? 0))
  if (read.length === 0) return undefined
  const newest = read.at(-1)?.newest
  const places = new Map(read.flatMap((one) => [...one.places.keys()]).map((sha, place) => [sha, place]))
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
    checkpoints: new Map(read.flatMap((one) => [...one.checkpoints])),
    notes: new Map(read.flatMap((one) => [...one.notes])),
    times: new Map(read.flatMap((one) => [...one.times])),
    claims: read.flatMap((one) => one.claims),
    ...(newest && { newest }),
    faults,
  }
}

/** Without those that another clone of the same repository has, too. */
const apart = (branches: readonly AnchorBranch[]): readonly AnchorBranch[] =>
  branches.filter((one, index) => {
    const tip = one.commits.at(-1)?.sha
    return !branches.some(
      ({ commits }, other) =>
        other !== index &&
        commits.some(({ sha }) => sha === tip) &&
        (commits.at(-1)?.sha !== tip || other < index),
    )
  })

/**
 * One branch: each commit has the one before as its only parent, and holds a checkpoint that is signed and covers no
 * less than the one before.
 */
function readBranch({ commits, keys: published, rotations }: AnchorBranch, trust: Trust): Anchors {
  const faults: { text: string; fellAfter?: string }[] = []
  const wrong = (text: string) => void faults.push({ text })
  const claims = new Map<string, Claim>()
  const checkpoints = new Map<string, Claim>()
  const notes = new Map<string, string>()
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
    notes.set(sha, checkpoint ?? '')
    if (before !== undefined && size < before.size)
      faults.push({
        text: `${by}: covers ${size} events, fewer than the ${before.size} of the anchor before it`,
        fellAfter: before.sha,
      })
    const said = `${size} ${checkpoint}`
    if (!claims.has(said)) claims.set(said, opened.claim)
    before = { sha, size }
    newest = { sha, size }
  }
  const places = new Map(commits.map(({ sha }, place) => [sha, place]))
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
    notes,
    times: new Map(commits.map(({ sha, at }) => [sha, at])),
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

const short = (sha: string): string => sha.slice(0, 12)
