import { hash } from 'node:crypto'
import pg from 'pg'
import { originHead } from '../../audit/chain.ts'
import { type Claim, type ClaimFault, contradiction } from '../../audit/claim.ts'
import { createTree } from '../../audit/merkle.ts'
import { readNoteKey } from '../../audit/note.ts'
import { createVerifier, evidenceOf, type Start, type Verified, withEvidence } from '../../audit/verify.ts'
import { longest } from '../longest.ts'
import { copyRows, type Flow } from './copy.ts'
import { rowColumns, rowOf } from './row.ts'

/** A stretch of the ledger to verify, so that it can be sent to another thread. */
export type PartTask = {
  readonly url: string
  /** Of `pg_export_snapshot`: every part sees the same ledger. */
  readonly snapshot: string
  readonly origin: string
  /** Key texts (note.ts); undefined: no key is known. */
  readonly keys?: readonly string[]
  /** Those past its end are left to whoever asks. */
  readonly claims: readonly Claim[]
  /** Events after this one. What is stored of those before is believed: whoever asked compares `before`. */
  readonly after: number
  /** Up to this one; undefined: to the end. */
  readonly upTo?: number
}

export type PartDone = {
  readonly verified: Verified
  /** What the part began with. */
  readonly before: { readonly seq: number; readonly head: Uint8Array; readonly root: Uint8Array }
}

/** Rows between two calls of `progress`. */
const stride = 5_000

/** Recomputes one part, its evidence included. `progress`: so many events more. */
export async function verifyPart(task: PartTask, progress: (events: number) => void): Promise<PartDone> {
  const clients = [client(task.url), client(task.url)] as const
  const [rows, aside] = clients
  try {
    for (const one of clients) {
      await one.connect()
      await one.query('begin isolation level repeatable read read only')
      await one.query(`set transaction snapshot '${task.snapshot}'`)
    }
    const { start, contradicted } = await startOf(rows, task)
    const before = { seq: start.seq, head: start.head, root: start.tree.root() }
    const keys = task.keys?.map(readNoteKey)
    const verifier = createVerifier(task.origin, {
      start,
      claims: task.claims,
      ...(keys === undefined ? {} : { keys }),
    })
    const evidence = createEvidenceCheck(aside)
    let read = 0
    // The first part begins before 1, and the last one has no end: somebody may have numbered a row anyhow.
    const from = task.after === 0 ? 'true' : `e.seq > ${task.after}`
    const upTo = task.upTo === undefined ? 'true' : `e.seq <= ${task.upTo}`
    await copyRows(
      rows,
      `select ${rowColumns} from audit_events e left join checkpoints c on c.size = e.seq
       where ${from} and ${upTo} order by e.seq`,
      (fields, flow) => {
        const { row, checkpoint } = rowOf(fields)
        const event = verifier.push(row)
        if (event !== undefined) for (const digest of evidenceOf(event)) evidence.need(digest, row.seq, flow)
        if (checkpoint !== null) verifier.checkpoint(checkpoint, row.seq)
        read += 1
        if (read % stride === 0) progress(stride)
      },
    )
    progress(read % stride)
    if (task.upTo === undefined) {
      const strays = await rows.query<{ size: string; note: string }>(strayCheckpoints)
      for (const { size, note } of strays.rows.toReversed()) verifier.checkpoint(note, Number(size))
    }
    const { marks, ...verified } = verifier.end()
    const all = { ...verified, marks: { ...marks, faults: [...contradicted, ...marks.faults] } }
    return { verified: withEvidence(all, await evidence.firstMissing()), before }
  } finally {
    // The only thing either did was to read.
    await Promise.all(clients.map((one) => one.end()))
  }
}

/** Of no event that there is. Never `not in`: past what `work_mem` holds, each would be sought in all events. */
export const strayCheckpoints = `
  select size, case when octet_length(note) > ${longest.note} then '' else note end as note from checkpoints
  where not exists (select from audit_events where audit_events.seq = checkpoints.size) order by size desc limit 100`

/** What is stored of the events before, by their leaves alone, and what of the claims contradicts it. */
async function startOf(
  rows: pg.Client,
  { after, origin, claims }: PartTask,
): Promise<{ readonly start: Start; readonly contradicted: readonly ClaimFault[] }> {
  const tree = createTree()
  if (after === 0) return { start: { seq: 0, head: originHead(origin), tree }, contradicted: [] }
  const earlier = Map.groupBy(claims, ({ size }) => size)
  const contradicted: ClaimFault[] = []
  await copyRows(
    rows,
    `select leaf from audit_events where seq <= ${after} order by seq`,
    ({ bytes, starts: [from], ends: [to = 0] }) => {
      tree.push(Uint8Array.from(bytes.subarray(from, Math.max(0, to))))
      // Their links are not recomputed; those of the start itself are compared with it.
      if (tree.size === after) return
      for (const { head: _, ...claim } of earlier.get(tree.size) ?? []) {
        const fault = contradiction(claim, { root: tree.root(), head: new Uint8Array() })
        if (fault !== undefined) contradicted.push(fault)
      }
    },
  )
  const last = await rows.query<{ chain: Buffer }>('select chain from audit_events where seq = $1 limit 1', [
    after,
  ])
  const head = last.rows[0]?.chain ?? new Uint8Array()
  return { start: { seq: after, head, tree }, contradicted }
}

/** Looks evidence up on a connection of its own, and holds the rows back where they bring more than it can check. */
function createEvidenceCheck(client: pg.Client) {
  let batch = new Map<string, number>()
  let open = 0
  let running: Promise<unknown> = Promise.resolve()
  /** The first: batches are answered in their order. */
  let first: readonly [digest: string, seq: number] | undefined

  const check = async (needed: ReadonlyMap<string, number>): Promise<void> => {
    const { rows } = await client.query<{ digest: string; bytes: Buffer }>(
      `select digest, case when octet_length(bytes) > ${longest.evidence} then '' else bytes end as bytes
       from evidence where digest = any($1)`,
      [[...needed.keys()]],
    )
    const sound = new Set(
      rows.filter((one) => hash('sha256', one.bytes) === one.digest).map(({ digest }) => digest),
    )
    first ??= [...needed].find(([digest]) => !sound.has(digest))
  }
  const send = (flow?: Flow) => {
    const needed = batch
    batch = new Map()
    open += 1
    if (open > 2) flow?.pause()
    running = Promise.all([
      running,
      check(needed).finally(() => {
        open -= 1
        if (open === 0) flow?.resume()
      }),
    ])
    // Told when it is awaited, at the end.
    running.catch(() => undefined)
  }
  return {
    need(digest: string, seq: number, flow: Flow) {
      if (!batch.has(digest)) batch.set(digest, seq)
      if (batch.size >= 500) send(flow)
    },
    async firstMissing(): Promise<readonly [digest: string, seq: number] | undefined> {
      if (batch.size > 0) send()
      await running
      return first
    },
  }
}

const client = (url: string) =>
  new pg.Client({ connectionString: url, application_name: 'gitsudo audit verify' })
