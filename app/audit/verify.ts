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

export type Fault = {
  /** Where the chain first breaks. */
  readonly seq: number
  /** `seq`, `body`, `leaf`, `chain`, the name of a derived column, `data.sig`, or `evidence`. */
  readonly what: string
  readonly expected: string
  readonly found: string
  /** Rows after it that agree with themselves and with the row before them. */
  readonly consistentAfter: number
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

export type Verified = { readonly marks: Marks } & (
  | { readonly ok: true; readonly events: number; readonly head: Uint8Array; readonly root: Uint8Array }
  | ({ readonly ok: false } & Fault)
)

export type Verifier = {
  /** The next row in stored order; answers its event where nothing is wrong with it. */
  push(row: LedgerRow): LedgerEvent | undefined
  /** A checkpoint stored for the ledger up to the last row, or for more rows than there are. */
  checkpoint(note: string, size: number): void
  /** After the last row. */
  end(): Verified
}

type Odd = Pick<Fault, 'what' | 'expected' | 'found'>

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
  let fault: Omit<Fault, 'consistentAfter'> | undefined
  let consistentAfter = 0
  /** The row before, from the faulty one on. */
  let previous = { seq: 0, chain: head }
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
      const wrong = contradiction(claim, ledger)
      if (wrong !== undefined) object(wrong)
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
    if (!signatureHolds(event, publicKeys))
      return { what: 'data.sig', expected: 'a signature that holds', found: 'another' }
    if (!isCanonical(event, body))
      return { what: 'body', expected: 'the bytes of RFC 8785', found: 'another spelling' }
    marks.signatures += 1
    return undefined
  }
  // The checkpoint that a stretch begins at is stored before it.
  if (claims[0]?.size === events) compareClaims()

  return {
    push(row) {
      if (unstored.length > 0) missCheckpoint()
      if (fault) {
        if (!('fault' in read(row, { seq: previous.seq + 1, head: previous.chain }))) consistentAfter += 1
      } else {
        const found = read(row, { seq: events + 1, head })
        const odd = 'fault' in found ? undefined : unsigned(found.event, row.body)
        if (!('fault' in found) && odd === undefined) {
          events += 1
          head = found.chain
          tree.push(found.leaf)
          if (claims[nextClaim]?.size === events) unstored = compareClaims()
          const others = foreignOf(found.event)
          if (others !== undefined && foreign.length < mostFaults) foreign.push({ ...others, seq: row.seq })
          return found.event
        }
        fault = 'fault' in found ? found.fault : odd && { seq: row.seq, ...odd }
      }
      // A copy: the row's bytes are the reader's, who may write over them.
      previous = { seq: row.seq, chain: Uint8Array.from(row.chain) }
      return undefined
    },
    checkpoint(note, size) {
      if (size === events) unstored = []
      const source = { of: 'checkpoints', by: `checkpoint of ${size}` } as const
      const opened = readClaim(note, { origin, keys }, source)
      if (!opened.ok) return object({ ...opened.fault, size })
      const { claim } = opened
      if (claim.size !== size)
        return object({ ...source, size, what: 'size', expected: `${size}`, found: `${claim.size}` })
      // Past a fault nothing is recomputed any more.
      if (size !== events) {
        if (!fault && size < events)
          object({ ...source, size, what: 'size', expected: `${events}`, found: `${size}` })
        else if (size > (beyond?.size ?? events)) beyond = claim
        return undefined
      }
      const wrong = contradiction(claim, { root: tree.root(), head })
      if (wrong) return object(wrong)
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
      return fault
        ? { ok: false, ...fault, consistentAfter, marks: compared }
        : { ok: true, events, head, root: tree.root(), marks: compared }
    },
  }
}

const mostFaults = 1_000

type Read =
  | { readonly event: LedgerEvent; readonly leaf: Uint8Array; readonly chain: Uint8Array }
  | { readonly fault: Omit<Fault, 'consistentAfter'> }

function read(row: LedgerRow, due: { readonly seq: number; readonly head: Uint8Array }): Read {
  const differs = (what: string, expected: string, found: string) => ({
    fault: { seq: due.seq, what, expected, found },
  })
  if (row.seq !== due.seq || row.seq < 1) return differs('seq', String(due.seq), String(row.seq))
  const leaf = leafHash(row.body)
  if (!same(leaf, row.leaf)) return differs('leaf', hex(leaf), hex(row.leaf))
  const chain = linkHash(due.head, row.seq, leaf)
  if (!same(chain, row.chain)) return differs('chain', hex(chain), hex(row.chain))
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
  return other === undefined ? { event, leaf, chain } : differs(other.what, other.expected, other.found)
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
  if (missing === undefined || (!outcome.ok && outcome.seq <= missing[1])) return outcome
  const [expected, seq] = missing
  const sound = (outcome.ok ? outcome.events : outcome.seq - 1) - seq
  return {
    ok: false,
    seq,
    what: 'evidence',
    expected,
    found: 'missing or altered',
    consistentAfter: sound + (outcome.ok ? 0 : outcome.consistentAfter),
    marks: outcome.marks,
  }
}

/** Of hashes, in less time than it takes to call `Buffer.compare`. */
function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false
  return true
}
