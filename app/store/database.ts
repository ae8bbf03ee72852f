import { AsyncLocalStorage } from 'node:async_hooks'
import { createPgDriverFactory } from '@slonik/pg-driver'
import {
  type CommonQueryMethods,
  createPool,
  type DatabasePool,
  type DatabaseTransactionConnection,
  type Interceptor,
  type PrimitiveValueExpression,
  type QueryResultRow,
  type QuerySqlToken,
  SchemaValidationError,
  sql,
} from 'slonik'
import type { z } from 'zod'
import { held, type Store, type Tx } from '../reconcile/ports/store.ts'
import { together } from '../reconcile/together.ts'
import { slonikAddress } from './address.ts'
import { keptPlans, preparedQueries } from './prepared.ts'
import { readEach, type Unreadable } from './readable.ts'
import { answered, patient, usualPatienceMs } from './silence.ts'

/** The app role's connections to PostgreSQL. */
export type Database = {
  /** For what needs a connection of its own. */
  readonly url: string
  /**
   * Where a query goes: to the transaction that the caller is in, else to any connection. A read that took
   * a second connection inside a transaction would, with as many transactions as connections, wait for ever.
   */
  readonly run: CommonQueryMethods
  /**
   * The rows of a query, each read by itself: one in which a hand wrote what gitsudo never writes is told of, and keeps
   * nobody from the others. Columns of it that cannot be read are read as `instead` has them; without `instead`, or where
   * that does not help, the row is left out.
   */
  readable<Schema extends z.ZodType>(
    query: QuerySqlToken<Schema>,
    instead?: Readonly<Record<string, unknown>>,
  ): Promise<readonly z.output<Schema>[]>
  /**
   * A read by one key of what `all` finds by several: those asked for at the same time are one query. Inside a
   * transaction each is its own, on the transaction's connection.
   */
  shared<Row>(
    all: (keys: readonly string[]) => Promise<ReadonlyMap<string, Row>>,
  ): (key: string) => Promise<Row | undefined>
  /**
   * Joins the one that the caller is in. `work` is run again on a serialisation fault or deadlock, so it has no side
   * effects elsewhere.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** As the store's; on connections besides those of all else. */
  alone: Store['alone']
  /** Reads only, all of one moment, whatever is committed meanwhile; `work` is run once. */
  snapshot<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Connections that do nothing but hold a lock, each for as long as a cloud takes to answer. */
const mostAlone = 24

/**
 * Throws when PostgreSQL is not there. `connections`: at most so many at once. `unreadable` hears of rows that `readable`
 * could not read as they are; where nobody does, it throws instead. `patienceMs`: so long a query waits for its answer.
 */
export async function openDatabase(
  url: string,
  options: {
    readonly connections?: number
    readonly unreadable?: (found: Unreadable) => void
    readonly patienceMs?: number
  } = {},
): Promise<Database> {
  const at = slonikAddress(url)
  const { patienceMs = usualPatienceMs } = options
  const driverFactory = announcing(createPgDriverFactory(), patienceMs)
  const open = (maxPoolSize: number) =>
    createPool(at.url, {
      driverFactory,
      ...(at.ssl && { ssl: at.ssl === true ? {} : at.ssl }),
      interceptors: [checkedRows, preparedQueries],
      typeParsers: [
        { name: 'int8', parse: wholeNumber },
        { name: 'timestamptz', parse: (text) => Date.parse(text) },
      ],
      maxPoolSize,
      captureStackTrace: false,
      // A query whose connection was given up is waited for so long, and no longer than any other.
      gracefulTerminationTimeout: Math.min(5_000, patienceMs),
      // DISCARD ALL would cost a third of the throughput; nothing here leaves anything behind in a session.
      resetConnection: async () => undefined,
    })
  const pool = await open(options.connections ?? 10)
  let apart: Promise<DatabasePool> | undefined
  const within = new AsyncLocalStorage<{ readonly connection: DatabaseTransactionConnection }>()
  const run = (): CommonQueryMethods => within.getStore()?.connection ?? pool
  return {
    url,
    get run() {
      return run()
    },
    readable: (query, instead) => readEach(run(), query, instead, options.unreadable),
    shared(all) {
      const apart = together(async (keys: readonly string[]) => {
        const found = await all([...new Set(keys)])
        return keys.map((key) => found.get(key))
      })
      return async (key) => (within.getStore() === undefined ? apart(key) : (await all([key])).get(key))
    },
    async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
      const outer = within.getStore()
      if (outer) return work(asTx(outer.connection))
      return pool.transaction((connection) => within.run({ connection }, () => work(asTx(connection))))
    },
    snapshot: (work) =>
      pool.transaction(
        (connection) =>
          within.run({ connection }, async () => {
            await connection.query(sql.unsafe`set transaction isolation level repeatable read, read only`)
            return work(asTx(connection))
          }),
        0,
      ),
    async alone(keys, waitMs, work) {
      // slonik lets nothing inside a transaction use another's connection, and what is asked here is no part of it.
      const outside = AsyncLocalStorage.snapshot()
      apart ??= open(mostAlone)
      return (await apart).transaction(async (connection) => {
        await connection.query(sql.unsafe`select set_config('lock_timeout', ${`${waitMs}ms`}, true)`)
        try {
          for (const key of keys) await connection.query(lockOf(key))
        } catch (error) {
          if (!isLockTimeout(error)) throw error
          return held
        }
        return outside(work)
      }, 0)
    },
    close: async () => {
      await Promise.all([pool.end(), apart?.then((one) => one.end())])
    },
  }
}

type Driver = ReturnType<typeof createPgDriverFactory>

/**
 * What this service writes is announced to the triggers (trust.md 5.5), once for each connection. PostgreSQL is asked for
 * its types once, by the first pool: the second opens while it is away.
 */
const announcing = (driver: Driver, patienceMs: number): Driver => {
  const make: Driver = async (setup) => {
    const { createClient, ...rest } = await answered(driver(setup), patienceMs)
    return {
      ...rest,
      async createClient() {
        const client = patient(await createClient(), patienceMs)
        client.acquire()
        await client.query("set gitsudo.announced = 'yes'")
        for (const setting of keptPlans) await client.query(`set ${setting}`)
        await client.release()
        return client
      },
    }
  }
  let made: ReturnType<Driver> | undefined
  return (setup) => {
    made ??= make(setup)
    return made
  }
}

/** The connection behind a transaction that this store opened. */
export function connectionOf(tx: Tx): DatabaseTransactionConnection {
  return tx as unknown as DatabaseTransactionConnection
}

/** Until the transaction ends nobody else holds `key`, on any replica. */
export async function serialise(tx: Tx, key: string): Promise<void> {
  await connectionOf(tx).query(lockOf(key))
}

const lockOf = (key: string) => sql.unsafe`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`

/** PostgreSQL, appendix A: `lock_not_available`. */
const isLockTimeout = (error: unknown): boolean =>
  error instanceof Error && (('code' in error && error.code === '55P03') || isLockTimeout(error.cause))

/** Until the transaction ends nobody serialises on `key`, on any replica; others may share it. */
export async function share(tx: Tx, key: string): Promise<void> {
  await connectionOf(tx).query(sql.unsafe`select pg_advisory_xact_lock_shared(hashtextextended(${key}, 0))`)
}

/** Runs SQL text inside a transaction, for a library that brings its own (pg-boss). */
export async function executeWithin(tx: Tx, text: string, values: readonly unknown[]) {
  const query = { ...nothing, sql: text, values: values as PrimitiveValueExpression[] }
  const { rows } = await connectionOf(tx).query(query)
  return { rows: [...rows] as unknown[] }
}

/** Epoch ms, or nothing, as a bound timestamp. */
export function at(time: number | undefined) {
  return sql.fragment`${time === undefined ? null : new Date(time).toISOString()}::timestamptz`
}

/** Whether a column holds a moment that we could have written, and can read. */
export function isMoment(column: string) {
  return sql.fragment`${sql.identifier([column])} between '1900-01-01' and '9999-12-30'`
}

/** A value or nothing, as JSON text. */
export function json(value: unknown) {
  return sql.fragment`${value === undefined ? null : JSON.stringify(value)}::json`
}

function asTx(connection: DatabaseTransactionConnection): Tx {
  return connection as unknown as Tx
}

/** A query whose rows are left as they come. */
const nothing = sql.unsafe``
const asItIs = nothing.parser

/** Columns become camel-cased properties, absent where null, checked against the query's type. */
const checkedRows: Interceptor = {
  name: 'checked rows',
  transformRow: ({ resultParser }, query, row) => {
    if (resultParser === undefined || resultParser === asItIs) return row
    const tidy: Record<string, unknown> = {}
    for (const column in row) if (row[column] !== null) tidy[camel(column)] = row[column]
    const checked = resultParser['~standard'].validate(tidy)
    if (checked instanceof Promise) throw new TypeError('row types are checked at once')
    if (checked.issues) throw new SchemaValidationError(query, row, checked.issues)
    return checked.value as QueryResultRow
  },
}

const names = new Map<string, string>()
function camel(column: string): string {
  let name = names.get(column)
  if (name === undefined) {
    name = column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
    names.set(column, name)
  }
  return name
}

/** Ids of ours and GitHub's fit; one that does not must not be rounded to another's: no row's type takes `NaN`. */
function wholeNumber(text: string): number {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : Number.NaN
}
