import { type CommonQueryMethods, type QuerySqlToken, SchemaValidationError } from 'slonik'
import { z } from 'zod'
import type { Clock } from '../reconcile/ports/clock.ts'
import type { Log } from '../reconcile/ports/log.ts'

/** A row in which columns cannot be read; `row`: what of it can be told, so that it is found. */
export type Unreadable = {
  readonly table: string
  readonly columns: readonly string[]
  readonly row: string
}

type Row = Readonly<Record<string, unknown>>

/** Far enough from the last whole number to grow; a version past it was never ours. */
export const mostVersion = 2 ** 52

const leftOut = Symbol('left out')

/** `Database.readable` over these connections. */
export async function readEach<Schema extends z.ZodType>(
  run: CommonQueryMethods,
  query: QuerySqlToken<Schema>,
  instead: Row | undefined,
  tell: ((found: Unreadable) => void) | undefined,
): Promise<readonly z.output<Schema>[]> {
  const table = / from ([a-z_]+)/.exec(query.sql)?.[1] ?? ''
  const mended = z.record(z.string(), z.unknown()).transform((row): unknown => {
    const read = query.parser.safeParse(row)
    if (read.success) return read.data
    const columns = [...new Set(read.error.issues.map(({ path }) => String(path[0])))]
    if (tell === undefined) throw new SchemaValidationError(query, row as never, read.error.issues)
    tell({ table, columns, row: nameOf(row, columns) })
    if (instead === undefined) return leftOut
    const left = Object.entries(row).filter(([name]) => !columns.includes(name))
    const put = columns.flatMap((name) => (name in instead ? [[name, instead[name]]] : []))
    return query.parser.safeParse(Object.fromEntries([...left, ...put])).data ?? leftOut
  })
  const rows = await run.any({ ...query, parser: mended })
  return rows.filter((row) => row !== leftOut) as z.output<Schema>[]
}

/** Columns that identify rows, the first that can be read. */
const names = ['id', 'guid', 'key', 'grantId', 'grant', 'what', 'provider', 'repository', 'pull', 'name']

const nameOf = (row: Row, columns: readonly string[]): string =>
  names
    .filter((name) => row[name] !== undefined && !columns.includes(name))
    .map((name) => `${name} ${String(row[name]).slice(0, 60)}`)
    .slice(0, 3)
    .join(', ')

const everyMs = 60_000

/** Says so to people, of each row once a minute: who looks every second would flood them. */
export const tellUnreadable = (log: Pick<Log, 'alert'>, clock: Clock): ((found: Unreadable) => void) => {
  const told = new Map<string, number>()
  return (found) => {
    const now = clock.now()
    for (const [what, at] of told) if (now - at >= everyMs || now < at) told.delete(what)
    const what = JSON.stringify(found)
    if (told.has(what)) return
    told.set(what, now)
    log.alert('database.unreadable', found)
  }
}
