import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { installQueues } from '../../app/queue/install.ts'
import { type Database, openDatabase } from '../../app/store/database.ts'
import { startEmbedded } from '../../app/store/embedded.ts'
import { initialise } from '../../app/store/initialise.ts'

export type BenchDatabase = {
  readonly url: string
  readonly database: Database
  /** SQL as the owner of the tables. */
  query(text: string): Promise<unknown>
  close(): Promise<void>
}

export type Server = {
  readonly superuserUrl: string
  readonly passwords: { readonly owner: string; readonly app: string }
  stop(): Promise<void>
}

/** PostgreSQL as a small installation has it: durable. */
export async function startServer(dir: string): Promise<Server> {
  const { superuserUrl, stop } = await startEmbedded(dir)
  const password = () => randomBytes(16).toString('hex')
  return { superuserUrl, passwords: { owner: password(), app: password() }, stop }
}

/** A database of its own with everything that `server init` makes, and a table of business rows. */
export async function openBenchDatabase(
  { superuserUrl, passwords }: Server,
  name: string,
  connections: number,
): Promise<BenchDatabase> {
  const at = (user?: string, password?: string) => {
    const url = new URL(superuserUrl)
    url.pathname = `/${name}`
    if (user !== undefined && password !== undefined) Object.assign(url, { username: user, password })
    return url.href
  }
  const run = async (url: string, text: string) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      return await client.query(text)
    } finally {
      await client.end()
    }
  }
  await run(superuserUrl, `create database ${name}`)
  await initialise({ adminUrl: at(), passwords, install: installQueues })
  await run(
    at(),
    `create table bench_rows (id bigint generated always as identity primary key, text text not null);
     grant insert on bench_rows to gitsudo_app`,
  )
  const url = at('gitsudo_app', passwords.app)
  const database = await openDatabase(url, { connections })
  return { url, database, query: (text) => run(at(), text), close: () => database.close() }
}
