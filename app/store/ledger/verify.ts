import { Worker } from 'node:worker_threads'
import pg from 'pg'
import type { Claim } from '../../audit/claim.ts'
import type { NoteKey } from '../../audit/note.ts'
import type { Marks, Verified } from '../../audit/verify.ts'
import type { Database } from '../database.ts'
import { type PartDone, type PartTask, verifyPart } from './verify-part.ts'

export type VerifyOptions = {
  /** Trusted ones; without them nobody can say who signed the checkpoints. */
  readonly keys?: readonly NoteKey[]
  /** What others hold of this ledger, in any order; those past its end are left to whoever asks. */
  readonly claims?: readonly Claim[]
  /** Begins after so many events, at a stored checkpoint; whoever asks compares `before` with it. */
  readonly after?: number
  /** 1 or 2; unless told, what is worth it. */
  readonly threads?: number
  /** Called now and then: so many events are done, of about so many. */
  readonly progress?: (done: number, of: number) => void
}

export type LedgerVerified = Verified & {
  /** What it began with: the first event's, unless `after` said otherwise. */
  readonly before: PartDone['before']
}

/** Below this a thread takes longer to start than to be of use. */
const worthAThread = 50_000
/** What a row's leaf alone takes of the row: the second thread reads those before its part too. */
const leafShare = 0.15

/** Recomputes the whole chain in constant memory, over one snapshot (audit.md, Verify). */
export async function verifyLedger(
  database: Pick<Database, 'url'>,
  origin: string,
  options: VerifyOptions = {},
): Promise<LedgerVerified> {
  const { keys, after = 0, progress = () => undefined } = options
  const main = new pg.Client({ connectionString: database.url, application_name: 'gitsudo audit verify' })
  await main.connect()
  try {
    await main.query('begin isolation level repeatable read read only')
    const { rows } = await main.query<{ snapshot: string; last: string }>(
      'select pg_export_snapshot() as snapshot, coalesce((select max(seq) from audit_events), 0)::text as last',
    )
    const { snapshot = '', last = '0' } = rows[0] ?? {}
    const total = Math.max(0, Number(last) - after)
    const whole: PartTask = {
      url: database.url,
      snapshot,
      origin,
      claims: options.claims ?? [],
      after,
      ...(keys === undefined ? {} : { keys: keys.map(({ text }) => text) }),
    }
    let done = 0
    const advance = (events: number) => {
      done += events
      progress(done, total)
    }
    const two = (options.threads ?? (total < worthAThread ? 1 : 2)) > 1 && total > 1
    const half = after + Math.ceil(total / (2 - leafShare))
    let part = two ? await inTwo(whole, half, advance) : undefined
    if (part === undefined) {
      // Not in two, or something is wrong: the whole of it in one says where.
      done = 0
      part = await verifyPart(whole, advance)
    }
    return { ...part.verified, before: part.before }
  } finally {
    await main.end()
  }
}

/** Both halves at once; undefined unless both are intact and the second begins as the first ends. */
async function inTwo(
  whole: PartTask,
  middle: number,
  progress: (events: number) => void,
): Promise<PartDone | undefined> {
  const late = whole.claims.filter(({ size }) => size > middle)
  const second = inWorker({ ...whole, after: middle, claims: late.map(ownBytes) }, progress)
  const early = whole.claims.filter(({ size }) => size <= middle)
  const [one, two] = await Promise.all([
    verifyPart({ ...whole, upTo: middle, claims: early }, progress),
    second,
  ])
  const [a, b] = [one.verified, two.verified]
  const meet =
    a.ok &&
    b.ok &&
    a.events === two.before.seq &&
    Buffer.compare(a.head, two.before.head) === 0 &&
    Buffer.compare(a.root, two.before.root) === 0
  return meet ? { before: one.before, verified: { ...b, marks: both(a.marks, b.marks) } } : undefined
}

function both(a: Marks, b: Marks): Marks {
  return {
    ...a,
    ...b,
    checkpoints: a.checkpoints + b.checkpoints,
    faults: [...a.faults, ...b.faults],
    signatures: a.signatures + b.signatures,
    foreign: [...a.foreign, ...b.foreign],
  }
}

const workerUrl = new URL(
  `./verify-worker${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`,
  import.meta.url,
)

function inWorker(task: PartTask, progress: (events: number) => void): Promise<PartDone> {
  return new Promise((done, failed) => {
    const worker = new Worker(workerUrl, { workerData: task, execArgv: [] })
    worker.on('message', (message: number | PartDone) =>
      typeof message === 'number' ? progress(message) : done(message),
    )
    worker.on('error', failed)
    worker.on('exit', (code) => failed(new Error(`the thread ended before its part was verified (${code})`)))
  })
}

/** Small buffers are slices of a large one, which would be sent whole. */
const ownBytes = (claim: Claim): Claim => ({
  ...claim,
  root: Uint8Array.from(claim.root),
  ...(claim.head && { head: Uint8Array.from(claim.head) }),
})
