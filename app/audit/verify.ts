import { EventError, eventOf } from './body.ts'
import { leafHash, linkHash, originHead } from './chain.ts'
import { type Columns, columnsOf } from './columns.ts'
import type { LedgerEvent } from './event.ts'

/** One row as it is stored. */
export type LedgerRow = {
  readonly seq: number
  readonly body: Uint8Array
  readonly leaf: Uint8Array
  readonly chain: Uint8Array
  /** Absent where only bytes and hashes are at hand (an export). */
  readonly columns?: Columns
}

export type Fault = {
  /** Where the chain first breaks. */
  readonly seq: number
  /** `seq`, `body`, `leaf`, `chain`, the name of a derived column, or `evidence`. */
  readonly what: string
  readonly expected: string
  readonly found: string
  /** Rows after it that agree with themselves and with the row before them. */
  readonly consistentAfter: number
}

export type Verified =
  | { readonly ok: true; readonly events: number; readonly head: Uint8Array }
  | ({ readonly ok: false } & Fault)

export type Verifier = {
  /** The next row in stored order. `evidenceKnown`: whether stored evidence of this digest hashes to it. */
  push(row: LedgerRow, evidenceKnown?: (digest: string) => boolean): void
  /** After the last row. */
  end(): Verified
}

/** Folds a ledger, however long, in constant memory (audit.md, Verify). */
export function createVerifier(origin: string): Verifier {
  let events = 0
  let head = originHead(origin)
  let fault: Omit<Fault, 'consistentAfter'> | undefined
  let consistentAfter = 0
  let previous: LedgerRow | undefined

  return {
    push(row, evidenceKnown) {
      if (fault) {
        const own = { seq: (previous?.seq ?? 0) + 1, head: previous?.chain ?? head }
        if (!faultIn(row, own, evidenceKnown)) consistentAfter += 1
      } else {
        fault = faultIn(row, { seq: events + 1, head }, evidenceKnown)
        if (!fault) {
          events += 1
          head = row.chain
        }
      }
      previous = row
    },
    end: () => (fault ? { ok: false, ...fault, consistentAfter } : { ok: true, events, head }),
  }
}

function faultIn(
  row: LedgerRow,
  due: { readonly seq: number; readonly head: Uint8Array },
  evidenceKnown: ((digest: string) => boolean) | undefined,
): Omit<Fault, 'consistentAfter'> | undefined {
  const differs = (what: string, expected: string, found: string) => ({ seq: due.seq, what, expected, found })
  if (row.seq !== due.seq) return differs('seq', String(due.seq), String(row.seq))
  const leaf = leafHash(row.body)
  if (!same(leaf, row.leaf)) return differs('leaf', hex(leaf), hex(row.leaf))
  const chain = linkHash(due.head, row.seq, leaf)
  if (!same(chain, row.chain)) return differs('chain', hex(chain), hex(row.chain))
  let event: LedgerEvent
  try {
    event = eventOf(row.body)
  } catch (error) {
    if (error instanceof EventError) return differs('body', 'an event', error.message)
    throw error
  }
  if (row.columns) {
    const derived = columnsOf(event)
    for (const name of columnNames) {
      if (derived[name] !== row.columns[name])
        return differs(name, String(derived[name]), String(row.columns[name]))
    }
  }
  const missing = evidenceKnown && evidenceOf(event).find((digest) => !evidenceKnown(digest))
  return missing === undefined ? undefined : differs('evidence', missing, 'missing or altered')
}

/** Digests of the evidence that an event rests on: its `data.evidence`. */
export function evidenceOf(event: LedgerEvent): readonly string[] {
  const { evidence } = event.data
  return Array.isArray(evidence) ? evidence.filter((digest) => typeof digest === 'string') : []
}

const columnNames = [
  'type',
  'at',
  'actorKind',
  'actorId',
  'actorLogin',
  'requestId',
  'grantId',
  'repoId',
  'pull',
  'commit',
] as const satisfies readonly (keyof Columns)[]

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
