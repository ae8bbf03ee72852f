import { type FragmentSqlToken, sql } from 'slonik'
import { z } from 'zod'
import { bodyOf } from '../../audit/body.ts'
import type { LedgerEvent } from '../../audit/event.ts'
import { fitting } from '../../audit/fits.ts'
import { type Foreign, foreignEvent } from '../../audit/foreign.ts'
import { hex } from '../../audit/hex.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import type { Log } from '../../reconcile/ports/log.ts'
import type { Tx } from '../../reconcile/ports/store.ts'
import { parseRequestId } from '../../request/id.ts'
import { connectionOf, type Database, isMoment } from '../database.ts'
import { atMost, longest } from '../longest.ts'
import { append } from './append.ts'
import { vouched } from './stage.ts'
import { lastVouched, ofLedger, sealedColumns, sealedRow, type VouchDeps, vouching } from './vouched.ts'

export type SealDeps = VouchDeps & {
  readonly database: Database
  readonly keys: Keys
  readonly log: Log
}

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
/** Whatever a hand wrote there: one row that cannot be read must not stop the ledger. */
const said = z.string().catch('')
const stagedRow = z.object({
  id: z.string(),
  body: bytes.catch(new Uint8Array()),
  macKey: said,
  mac: said,
  size: z.number(),
})
/** Without a row where there is none. */
const lookRow = sealedRow.partial().extend({ any: z.boolean() })
const changeRow = z.object({
  id: z.number(),
  at: z.string(),
  byRole: said,
  tableName: said,
  operation: said,
  rowKey: said,
  before: z.string().exactOptional(),
  after: z.string().exactOptional(),
  client: z.string().exactOptional(),
  application: z.string().exactOptional(),
  size: z.number(),
})

/** So many rows of each kind in one transaction. */
export const batchSize = 1_000
/** And so many bytes of each, once one row is there. */
export const batchBytes = 16_000_000

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
  const { sealed, more, forged, noticed, foreign } = await deps.database.transaction((tx) =>
    sealWithin(deps, tx),
  )
  // Afterwards: a transaction may be run twice.
  for (const staged of forged) deps.log.alert('ledger.staged_forged', { staged })
  for (const { actor, data } of noticed) deps.log.alert('database.changed', { ...data, by: actor.id })
  if (foreign !== undefined)
    deps.log.alert('ledger.foreign', {
      ...foreign,
      why: 'gitsudo did not seal these events: they are on record as foreign, and audit verify says so from now on',
      remedy: 'find who can write to the database, and change its passwords',
    })
  return { sealed, more }
}

/** Whether anything waits, or the last row is not ours, by a look that locks nothing and takes no transaction. */
export const anythingToSeal = async (deps: SealDeps): Promise<boolean> => {
  const { run } = deps.database
  const { any, ...last } = await run.one(sql.type(lookRow)`
    select exists (select from ledger_staged where not refused) or exists (select from database_changes) as any,
      last.seq, last.chain, last.mac_key, last.mac
    from (select) as one left join lateral (
      select ${sealedColumns} from audit_events where ${ofLedger} order by seq desc limit 1
    ) as last on true`)
  const row = sealedRow.safeParse(last)
  return any || (row.success && !(await vouching(run, deps, [row.data]))(row.data))
}

async function sealWithin(deps: SealDeps, tx: Tx) {
  const connection = connectionOf(tx)
  await connection.query(sql.unsafe`select pg_advisory_xact_lock(hashtextextended('gitsudo ledger', 0))`)
  const staged = await connection.any(sql.type(stagedRow)`
    with next as (
      select id, octet_length(body) + octet_length(mac_key) + octet_length(mac) as size from ledger_staged
      where not refused order by id limit ${batchSize} for update skip locked
    ), taken as (
      delete from ledger_staged where id in (${firstBytes}) returning id, body, mac_key, mac
    )
    select id::text as id, ${atMost(longest.event, 'body')}, ${atMost(longest.mac, 'mac_key')},
      ${atMost(longest.mac, 'mac')}, octet_length(body) + octet_length(mac_key) + octet_length(mac) as size
    from taken order by taken.id`)
  const changes = await connection.any(sql.type(changeRow)`
    with next as (
      select id, ${toldSize} as size from database_changes order by id limit ${batchSize} for update skip locked
    ), taken as (
      delete from database_changes where id in (${firstBytes})
      returning id, at, by_role, table_name, operation, row_key, before, after, client, application
    )
    select least(greatest(id, 1), ${Number.MAX_SAFE_INTEGER}) as id, ${isoOf(sql.fragment`case when ${isMoment('at')} then at else now() end`)} as at,
      ${sql.join(
        ['by_role', 'table_name', 'operation', 'client', 'application'].map((one) => atMost(1_000, one)),
        sql.fragment`, `,
      )},
      ${shortened(200_000, 'row_key')} as row_key, ${shortened(2_000_000, 'before')} as before,
      ${shortened(2_000_000, 'after')} as after, ${toldSize} as size
    from taken order by taken.id`)

  const bodies: Uint8Array[] = []
  const forged: string[] = []
  for (const { id, body, macKey: key, mac: value } of staged) {
    if (deps.keys.macHolds('staged', vouched(body), { key, value })) {
      bodies.push(body)
      continue
    }
    forged.push(id)
    await connection.query(sql.unsafe`
      insert into ledger_staged (body, mac_key, mac, refused)
      values (${sql.binary(Buffer.from(body))}, ${key}, ${value}, true)`)
  }
  const noticed = changes.map(changed)
  bodies.push(...noticed.map((event) => bodyOf(fitting(event))))
  const { vouched: last, foreign } = await lastVouched(connection, deps)
  if (foreign !== undefined) {
    // First of all: what comes after it vouches for the rows before it, too.
    const event = foreignEvent(
      { first: foreign.first, last: foreign.last.seq },
      { before: hex(last.chain), after: hex(foreign.last.chain) },
      await connection.oneFirst(sql.type(z.object({ at: z.string() }))`
        select ${isoOf(sql.fragment`clock_timestamp()`)} as at`),
    )
    bodies.unshift(bodyOf(fitting(deps.keys.sign(event))))
  }
  return {
    sealed: await append(deps, connection, foreign?.last ?? last, bodies),
    more: isFull(staged) || isFull(changes),
    forged,
    noticed,
    foreign: foreign && ({ first: foreign.first, last: foreign.last.seq } satisfies Foreign),
  }
}

const isFull = (rows: readonly { readonly size: number }[]): boolean =>
  rows.length === batchSize || rows.reduce((sum, { size }) => sum + size, 0) >= batchBytes

/** Of `next`, the first `batchBytes` and the row that goes beyond. */
const firstBytes = sql.fragment`
  select id from (select id, size, sum(size) over (order by id) as until from next) as one
  where until - size < ${batchBytes}`

const toldSize = sql.fragment`
  octet_length(row_key) + coalesce(octet_length(before::text), 0) + coalesce(octet_length(after::text), 0)`

/** Text of a change so that its event is no longer than one can be; the triggers write none that is. */
const shortened = (most: number, column: string) => {
  const text = sql.fragment`${sql.identifier([column])}::text`
  return sql.fragment`
    case when octet_length(${text}) <= ${most} then ${text} else json_build_object(
      'too_long', octet_length(${text}), 'sha256', encode(sha256(convert_to(${text}, 'UTF8')), 'hex'))::text end`
}

/** RFC 3339 with milliseconds, UTC. */
const isoOf = (at: FragmentSqlToken) =>
  sql.fragment`to_char(${at} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/**
 * What an unannounced change of a row is on record as, and nothing else (trust.md 5.5). Whatever a hand made of it fits the
 * event's schema: one that does not would break the ledger for ever, and to refuse it would stop it.
 */
function changed(change: z.infer<typeof changeRow>): LedgerEvent {
  const { id, at, byRole, tableName: table, operation, rowKey, ...told } = change
  return {
    v: 1,
    type: 'database.changed',
    at,
    actor: { kind: 'database', id: byRole || 'unknown' },
    ...(table === 'grants' && parseRequestId(rowKey) === rowKey && { grant: rowKey }),
    // As text: a number too large for JSON's readers must not stop the ledger.
    data: {
      ...{
        change: id,
        table: table || empty,
        operation: operations.has(operation) ? operation : 'update',
        row: rowKey || empty,
        before: told.before ?? null,
        after: told.after ?? null,
      },
      ...{ client: told.client || null, application: told.application || null },
    },
  }
}

const empty = '(empty)'
/** Those that PostgreSQL's triggers tell of. */
const operations: ReadonlySet<string> = new Set(['insert', 'update', 'delete', 'truncate'])
