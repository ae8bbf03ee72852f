import { EventError, eventOf, isCanonical, jsonOf } from './body.ts'
import { leafHash, linkHash, originHead } from './chain.ts'
import { type Claim, type ClaimFault, contradiction, readClaim } from './claim.ts'
import { type Columns, columnsOf } from './columns.ts'
import type { LedgerEvent } from './event.ts'
import { fits, misfitOf } from './fits.ts'
import { type Foreign, foreignOf } from './foreign.ts'
import { hex } from './hex.ts'
import { createTree, type MerkleTree } from './merkle.ts'
import type { NoteKey } from './note.ts'
import { signatureHolds, signatureOf, signingKeyId } from './signature.ts'

/** One row as it is stored. */
export type LedgerRow = {
  readonly seq: number
  readonly body: Uint8Array
  readonly leaf: Uint8Array
  readonly chain: Uint8Array
  /** Which column is not as its event says; absent where only bytes and hashes are at hand (an export). */
  readonly differs?: (
    due: Columns,
  ) => { readonly what: keyof Columns; readonly expected: string; readonly found: string } | undefined
}

type Odd = {
  /** `seq`, `body`, `leaf`, `chain`, the name of a derived column, `data.sig`, or `evidence`. */
  readonly what: string
  readonly expected: string
  readonly found: string
}

export type Found = Odd & { readonly seq: number }

/** What is wrong first. */
export type Fault = Found & {
  /** Rows after it that agree with themselves and with the row before them. */
  readonly consistentAfter: number
  /** What else is wrong after it; nobody counts past a thousand. */
  readonly more: readonly Found[]
}

/** What was compared along the way with what others say of the ledger. */
export type Marks = {
  /** Stored checkpoints that agree, and the newest of them. */
  readonly checkpoints: number
  readonly newest?: { readonly size: number; readonly note: string }
  /** The longest ledger that a stored checkpoint speaks of, where this one is shorter. */
  readonly beyond?: Claim
  /** Claims and stored checkpoints that do not; of the latter nobody counts past a thousand. */
  readonly faults: readonly ClaimFault[]
  /** Events whose `data.sig` holds. */
  readonly signatures: number
  /** What events say that gitsudo did not seal. */
  readonly foreign: readonly (Foreign & { readonly seq: number })[]
}

/** `events`: those from the first on whose leaves and links hold, with the chain up to there. */
export type Verified = { readonly marks: Marks; readonly events: number; readonly head: Uint8Array } & (
  | { readonly ok: true; readonly root: Uint8Array }
  /** `linked`: all leaves and links hold; what is wrong is what an event says. */
  | ({ readonly ok: false; readonly linked: boolean } & Fault)
)

/** Whether it was recomputed to its end, so that what it lacks is not there. */
export const isWhole = (verified: Verified): boolean => verified.ok || verified.linked

export type Verifier = {
  /** The next row in stored order; answers its event where nothing is wrong with it. */
  push(row: LedgerRow): LedgerEvent | undefined
  /** A checkpoint stored for the ledger up to the last row, or for more rows than there are. */
  checkpoint(note: string, size: number): void
  /** After the last row. */
  end(): Verified
}

/** Where a verification begins that takes what came before from elsewhere. */
export type Start = { readonly seq: number; readonly head: Uint8Array; readonly tree: MerkleTree }

export type VerifierOptions = {
  readonly start?: Start
  /** Trusted ones; undefined: checkpoints are compared without their signatures. */
  readonly keys?: readonly NoteKey[]
  /** Those below the start, or past the last event that holds, are not compared. */
  readonly claims?: readonly Claim[]
}

/** Folds a ledger, however long, in constant memory (audit.md, Verify). */
export function createVerifier(origin: string, options: VerifierOptions = {}): Verifier {
  const { keys } = options
  const tree = options.start?.tree ?? createTree()
  const first = options.start?.seq ?? 0
  const claims = (options.claims ?? [])
    .filter(({ size }) => size >= first)
    .toSorted((a, b) => a.size - b.size)
  const publicKeys = new Map((keys ?? []).map(({ publicKey }) => [signingKeyId(publicKey), publicKey]))
  let events = first
  let head = options.start?.head ?? originHead(origin)
  const wrong: Found[] = []
  let consistentAfter = 0
  /** The row before, from the first one on whose leaf or link does not hold: nothing is recomputed after it. */
  let broken: { readonly seq: number; readonly chain: Uint8Array } | undefined
  let nextClaim = 0
  /** Claims over the events so far, whose checkpoint has to be stored: it comes after the last event that it is over. */
  let unstored: readonly Claim[] = []
  const marks = { checkpoints: 0, signatures: 0 }
  const faults: ClaimFault[] = []
  const foreign: Marks['foreign'][number][] = []
  let newest: Marks['newest']
  let beyond: Claim | undefined

  const object = (found: ClaimFault) => {
    // All of the claims, which are in memory anyway: some may be excused (compare/restores.ts), and must hide no other.
    if (found.of !== 'checkpoints' || faults.length < mostFaults) faults.push(found)
  }
  const compareClaims = () => {
    const ledger = { root: tree.root(), head }
    const from = nextClaim
    for (let claim = claims[nextClaim]; claim?.size === events; claim = claims[++nextClaim]) {
      const fault = contradiction(claim, ledger)
      if (fault !== undefined) object(fault)
    }
    return claims.slice(from, nextClaim)
  }
  const missCheckpoint = () => {
    for (const { root, head: _, ...source } of unstored)
      object({ ...source, what: 'checkpoint', expected: 'that it is stored', found: 'none' })
    unstored = []
  }
  /** A signature covers what is said, whatever the bytes: those must be the ones that were signed. */
  const unsigned = (event: LedgerEvent, body: Uint8Array): Odd | undefined => {
    const signature = keys && signatureOf(event)
    if (!signature) return undefined
    if (!publicKeys.has(signature.key))
      return { what: 'data.sig', expected: 'a signature by a known key', found: `one by ${signature.key}` }
    // What has no such bytes cannot be signed either.
    if (!isCanonical(event, body))
      return { what: 'body', expected: 'the bytes of RFC 8785', found: 'another spelling' }
    if (!signatureHolds(event, publicKeys))
      return { what: 'data.sig', expected: 'a signature that holds', found: 'another' }
    marks.signatures += 1
    return undefined
  }
  // The checkpoint that a stretch begins at is stored before it.
  if (claims[0]?.size === events) compareClaims()

  return {
    push(row) {
      if (unstored.length > 0) missCheckpoint()
      const due = broken ? { seq: broken.seq + 1, head: broken.chain } : { seq: events + 1, head }
      const link = linked(row, due)
      if (broken || 'what' in link) {
        if (!broken && 'what' in link) wrong.push({ seq: due.seq, ...link })
        else if (!('what' in link || 'what' in read(row))) consistentAfter += 1
        // A copy: the row's bytes are the reader's, who may write over them.
        broken = { seq: row.seq, chain: Uint8Array.from(row.chain) }
        return undefined
      }
      events += 1
      head = link.chain
      tree.push(link.leaf)
      if (claims[nextClaim]?.size === events) unstored = compareClaims()
      const said = read(row)
      const odd = 'what' in said ? said : unsigned(said.event, row.body)
      if (odd !== undefined && wrong.length < mostFaults) wrong.push({ seq: row.seq, ...odd })
      if (odd !== undefined || 'what' in said) return undefined
      if (wrong.length > 0) consistentAfter += 1
      const others = foreignOf(said.event)
      if (others !== undefined && foreign.length < mostFaults) foreign.push({ ...others, seq: row.seq })
      return said.event
    },
    checkpoint(note, size) {
      if (size === events) unstored = []
      const source = { of: 'checkpoints', by: `checkpoint of ${size}` } as const
      const opened = readClaim(note, { origin, keys }, source)
      if (!opened.ok) return object({ ...opened.fault, size })
      const { claim } = opened
      if (claim.size !== size)
        return object({ ...source, size, what: 'size', expected: `${size}`, found: `${claim.size}` })
      if (size !== events) {
        if (!broken && size < events)
          object({ ...source, size, what: 'size', expected: `${events}`, found: `${size}` })
        else if (size > (beyond?.size ?? events)) beyond = claim
        return undefined
      }
      const fault = contradiction(claim, { root: tree.root(), head })
      if (fault) return object(fault)
      marks.checkpoints += 1
      newest = { size, note }
      return undefined
    },
    end: () => {
      missCheckpoint()
      const compared = {
        ...marks,
        faults,
        foreign,
        ...(newest === undefined ? {} : { newest }),
        ...(beyond === undefined ? {} : { beyond }),
      }
      const [first, ...more] = wrong
      return first === undefined
        ? { ok: true, events, head, root: tree.root(), marks: compared }
        : { ok: false, events, head, linked: !broken, ...first, consistentAfter, more, marks: compared }
    },
  }
}

const mostFaults = 1_000

const differs = (what: string, expected: string, found: string): Odd => ({ what, expected, found })

function linked(
  row: LedgerRow,
  due: { readonly seq: number; readonly head: Uint8Array },
): Odd | { readonly leaf: Uint8Array; readonly chain: Uint8Array } {
  if (row.seq !== due.seq || row.seq < 1) return differs('seq', String(due.seq), String(row.seq))
  const leaf = leafHash(row.body)
  if (!same(leaf, row.leaf)) return differs('leaf', hex(leaf), hex(row.leaf))
  const chain = linkHash(due.head, row.seq, leaf)
  if (!same(chain, row.chain)) return differs('chain', hex(chain), hex(row.chain))
  return { leaf, chain }
}

function read(row: LedgerRow): Odd | { readonly event: LedgerEvent } {
  let event: unknown
  try {
    event = jsonOf(row.body)
    if (!fits(event)) {
      const odd = eventOf(row.body)
      return differs('body', `what the schema of ${odd.type} says`, String(misfitOf(odd)))
    }
  } catch (error) {
    if (error instanceof EventError) return differs('body', 'an event', error.message)
    throw error
  }
  const other = row.differs?.(columnsOf(event))
  return other === undefined ? { event } : differs(other.what, other.expected, other.found)
}

/** Digests of the evidence that an event rests on: its `data.evidence`. */
export function evidenceOf(event: LedgerEvent): readonly string[] {
  const { evidence } = event.data
  return Array.isArray(evidence) ? evidence.filter((digest) => typeof digest === 'string') : []
}

/** The outcome, where evidence is missing or altered: the digest, and the first event that rests on it. */
export function withEvidence(
  outcome: Verified,
  missing: readonly [digest: string, seq: number] | undefined,
): Verified {
  if (missing === undefined) return outcome
  const [expected, seq] = missing
  const here = { seq, what: 'evidence', expected, found: 'missing or altered' }
  const { marks, events, head } = outcome
  if (outcome.ok)
    return { ok: false, events, head, linked: true, ...here, consistentAfter: events - seq, more: [], marks }
  const { what, found, more } = outcome
  if (outcome.seq <= seq) return { ...outcome, more: [...more, here] }
  const first = { seq: outcome.seq, what, expected: outcome.expected, found }
  const consistentAfter = outcome.seq - 1 - seq + outcome.consistentAfter
  return { ...outcome, ...here, consistentAfter, more: [first, ...more] }
}

/** Of hashes, in less time than it takes to call `Buffer.compare`. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false
  return true
}
