import { sql } from 'slonik'
import { z } from 'zod'
import { bodyOf, eventOf } from '../../audit/body.ts'
import { leafHash, linkHash, originHead } from '../../audit/chain.ts'
import { columnsOf } from '../../audit/columns.ts'
import type { LedgerEvent } from '../../audit/event.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import type { Log } from '../../reconcile/ports/log.ts'
import type { Tx } from '../../reconcile/ports/store.ts'
import { parseRequestId } from '../../request/id.ts'
import { connectionOf, type Database } from '../database.ts'
import { vouched } from './stage.ts'

export type SealDeps = {
  readonly database: Database
  readonly keys: Keys
  readonly log: Log
  /** The instance: what chain_0 is made of. */
  readonly origin: string
}

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const stagedRow = z.object({ id: z.number(), body: bytes, macKey: z.string(), mac: z.string() })
const headRow = z.object({ seq: z.number(), chain: bytes })
const changeRow = z.object({
  id: z.number(),
  at: z.string(),
  byRole: z.string(),
  tableName: z.string(),
  operation: z.string(),
  rowKey: z.string(),
  before: z.string().exactOptional(),
  after: z.string().exactOptional(),
  client: z.string().exactOptional(),
  application: z.string().exactOptional(),
})

/** So many rows of each kind in one transaction. */
export const batchSize = 1_000

/**
 * Gives one batch of staged events and noticed database changes their places in the chain, in one
 * transaction: taken and sealed, or neither. Returns leaf (hex) → seq, and whether more may be waiting.
 *
 * The lock makes one sealer at a time. Should it ever not hold (another database, a bug), `skip locked`
 * gives two sealers different rows, and the primary key lets only one of them extend the same head: the
 * other rolls back, its rows stay staged, and it comes again.
 */
export async function sealBatch(
  deps: SealDeps,
): Promise<{ readonly sealed: ReadonlyMap<string, number>; readonly more: boolean }> {
  const { sealed, more, forged, noticed } = await deps.database.transaction((tx) => sealWithin(deps, tx))
  // Afterwards: a transaction may be run twice.
  for (const staged of forged) deps.log.alert('ledger.staged_forged', { staged })
  for (const { actor, data } of noticed) deps.log.alert('database.changed', { ...data, by: actor.id })
  return { sealed, more }
}

/** Whether anything waits, by a look that locks nothing and takes no transaction. */
export const anythingToSeal = (database: Database): Promise<boolean> =>
  database.run.oneFirst(sql.type(z.object({ any: z.boolean() }))`
    select exists (select from ledger_staged where not refused) or exists (select from database_changes) as any`)

async function sealWithin(deps: SealDeps, tx: Tx) {
  const connection = connectionOf(tx)
  await connection.query(sql.unsafe`select pg_advisory_xact_lock(hashtextextended('gitsudo ledger', 0))`)
  const staged = await connection.any(sql.type(stagedRow)`
    delete from ledger_staged where id in (
      select id from ledger_staged where not refused order by id limit ${batchSize} for update skip locked
    ) returning id, body, mac_key, mac`)
  const changes = await connection.any(sql.type(changeRow)`
    delete from database_changes where id in (
      select id from database_changes order by id limit ${batchSize} for update skip locked
    ) returning id, to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, by_role, table_name,
      operation, row_key, before::text, after::text, client, application`)

  const bodies: Uint8Array[] = []
  const forged: number[] = []
  for (const { id, body, macKey: key, mac: value } of inOrder(staged)) {
    if (deps.keys.macHolds('staged', vouched(body), { key, value })) {
      bodies.push(body)
      continue
    }
    forged.push(id)
    await connection.query(sql.unsafe`
      insert into ledger_staged (body, mac_key, mac, refused)
      values (${sql.binary(Buffer.from(body))}, ${key}, ${value}, true)`)
  }
  const noticed = inOrder(changes).map(changed)
  bodies.push(...noticed.map(bodyOf))
  const sealed = bodies.length > 0 ? await append(deps, connection, bodies) : new Map<string, number>()
  return { sealed, more: staged.length === batchSize || changes.length === batchSize, forged, noticed }
}

async function append(
  deps: SealDeps,
  connection: ReturnType<typeof connectionOf>,
  bodies: readonly Uint8Array[],
): Promise<ReadonlyMap<string, number>> {
  const fresh = new Map(bodies.map((body) => [hex(leafHash(body)), body]))
  const known = await connection.any(sql.type(z.object({ leaf: bytes, seq: z.number() }))`
    select leaf, seq from audit_events
    where leaf = any(select decode(given, 'hex') from unnest(${sql.array([...fresh.keys()], 'text')}) as given)`)
  const places = new Map<string, number>()
  for (const { leaf, seq } of known) {
    places.set(hex(leaf), seq)
    fresh.delete(hex(leaf))
  }
  const last = await connection.maybeOne(sql.type(headRow)`
    select seq, chain from audit_events order by seq desc limit 1`)
  let seq = last?.seq ?? 0
  let head = last?.chain ?? originHead(deps.origin)
  const rows: (string | number | Buffer | null)[][] = []
  for (const [leafHex, body] of fresh) {
    seq += 1
    const leaf = Buffer.from(leafHex, 'hex')
    head = linkHash(head, seq, leaf)
    places.set(leafHex, seq)
    const of = columnsOf(eventOf(body))
    rows.push([
      ...[
        seq,
        Buffer.from(body),
        leaf,
        Buffer.from(head),
        of.type,
        of.at,
        of.actorKind,
        of.actorId,
        of.actorLogin,
      ],
      ...[of.requestId, of.grantId, of.repoId, of.pull, of.commit],
    ])
  }
  await connection.query(sql.unsafe`
    insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id, actor_login, request_id,
      grant_id, repo_id, pull, commit)
    select * from ${sql.unnest(rows, columnTypes)}`)
  return places
}

const columnTypes = [
  ...['int8', 'bytea', 'bytea', 'bytea', 'text', 'timestamptz', 'text', 'text', 'text'],
  ...['text', 'text', 'int8', 'int8', 'text'],
]

/** What an unannounced change of a row is on record as, and nothing else (trust.md 5.5). */
function changed(change: z.infer<typeof changeRow>): LedgerEvent {
  const { id, at, byRole, tableName: table, operation, rowKey, ...told } = change
  return {
    v: 1,
    type: 'database.changed',
    at,
    actor: { kind: 'database', id: byRole },
    ...(table === 'grants' && parseRequestId(rowKey) === rowKey && { grant: rowKey }),
    // As text: a number too large for JSON's readers must not stop the ledger.
    data: {
      ...{
        change: id,
        table,
        operation,
        row: rowKey,
        before: told.before ?? null,
        after: told.after ?? null,
      },
      ...{ client: told.client ?? null, application: told.application ?? null },
    },
  }
}

/** `delete … returning` keeps no order. */
function inOrder<T extends { readonly id: number }>(rows: readonly T[]): readonly T[] {
  return rows.toSorted((a, b) => a.id - b.id)
}

function hex(leaf: Uint8Array): string {
  return Buffer.from(leaf).toString('hex')
}
