import { readdirSync } from 'node:fs'
import { runner } from 'node-pg-migrate'
import { migrationsDirectory } from '../../app/store/initialise.ts'
import { withClient } from './client.ts'

/** Names of all migrations, in order. */
export const migrations: readonly string[] = readdirSync(migrationsDirectory).sort()

/**
 * A new database in a cluster that has the service's roles, as the service kept it after the first `count`
 * migrations, with everything of a current one's rows for which it had a place. @returns its superuser's URL
 */
export const earlierDatabase = async (current: string, name: string, count: number): Promise<string> => {
  await withClient(current, (client) => client.query(`create database ${name}`))
  const earlier = new URL(current)
  earlier.pathname = `/${name}`
  await withClient(earlier.href, async (client) => {
    await client.query(`
      grant create, usage on schema public to gitsudo_owner;
      grant usage on schema public to gitsudo_app;
      set role gitsudo_owner`)
    await runner({
      dbClient: client,
      dir: migrationsDirectory,
      direction: 'up',
      count,
      migrationsTable: 'schema_migrations',
      logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    })
  })
  const columns = await columnsOf(current)
  for (const [table, theirs] of await columnsOf(earlier.href)) {
    const both = theirs.filter((column) => columns.get(table)?.includes(column))
    if (table === 'schema_migrations' || both.length === 0) continue
    const rows = await withClient(current, (client) =>
      client.query<{ all: string }>(`select coalesce(json_agg(t), '[]')::text as all from ${table} t`),
    )
    await withClient(earlier.href, async (client) => {
      // As they lie there: no trigger takes them for somebody's change.
      await client.query("set session_replication_role = replica; set gitsudo.announced = 'yes'")
      await client.query(
        `insert into ${table} (${both}) select ${both} from json_populate_recordset(null::${table}, $1)`,
        [rows.rows[0]?.all],
      )
    })
  }
  return earlier.href
}

/** Those that somebody has to fill. */
const columnsOf = async (url: string): Promise<ReadonlyMap<string, readonly string[]>> => {
  const { rows } = await withClient(url, (client) =>
    client.query<{ table: string; columns: readonly string[] }>(
      `select c.table_name as table, array_agg(c.column_name::text) as columns
       from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
       where table_schema = 'public' and t.table_type = 'BASE TABLE' and c.is_identity = 'NO'
       group by c.table_name`,
    ),
  )
  return new Map(rows.map(({ table, columns }) => [table, columns]))
}
