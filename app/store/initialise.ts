import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import pg from 'pg'

export const migrationsDirectory = fileURLToPath(new URL('../../migrations', import.meta.url))

/** Runs one statement, or several without values, as `gitsudo_owner`. */
export type Execute = (text: string, values?: unknown[]) => Promise<{ rows: unknown[] }>

/** The database cannot be initialised; the message says what to give. */
export class InitialiseError extends Error {
  readonly code: 'role_missing' | 'role_too_mighty' | 'too_old'
  constructor(code: InitialiseError['code'], message: string) {
    super(message)
    this.name = 'InitialiseError'
    this.code = code
  }
}

const oldest = 150_000

/**
 * Roles, privileges and migrations; safe to repeat. `adminUrl` is a superuser's, or `gitsudo_owner`'s own
 * where both roles exist. A password is needed for a role that is missing and set anew where given.
 * `install` runs as the owner after the migrations, for what keeps its own schema (the queue).
 */
export async function initialise(options: {
  readonly adminUrl: string
  readonly passwords: { readonly owner?: string; readonly app?: string }
  readonly install: (execute: Execute) => Promise<void>
}): Promise<void> {
  const client = new pg.Client({ connectionString: options.adminUrl, application_name: 'gitsudo init' })
  // What breaks the connection also rejects the statement under way.
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rows } = await client.query<{ version: number; me: string; database: string }>(
      "select current_setting('server_version_num')::int as version, current_user as me, current_database() as database",
    )
    const [server] = rows
    if (!server || server.version < oldest) {
      throw new InitialiseError('too_old', 'gitsudo needs PostgreSQL 15 or later.')
    }
    await ensureRole(client, 'gitsudo_owner', options.passwords.owner)
    await ensureRole(client, 'gitsudo_app', options.passwords.app)
    await refuseMight(client)
    if (server.me !== 'gitsudo_owner') {
      const database = client.escapeIdentifier(server.database)
      await client.query(`
        grant create, connect on database ${database} to gitsudo_owner;
        grant connect on database ${database} to gitsudo_app;
        grant create, usage on schema public to gitsudo_owner;
        grant usage on schema public to gitsudo_app;
        revoke temporary on database ${database} from public;
        revoke create on schema public from public;
        grant gitsudo_owner to ${client.escapeIdentifier(server.me)};
        set role gitsudo_owner`)
    }
    await runner({
      dbClient: client,
      dir: migrationsDirectory,
      direction: 'up',
      migrationsTable: 'schema_migrations',
      advisoryLockMode: 'wait',
      logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
    })
    await options.install((text, values) => client.query(text, values))
  } finally {
    await client.end()
  }
}

async function ensureRole(client: pg.Client, role: string, password: string | undefined): Promise<void> {
  const { rowCount } = await client.query('select from pg_roles where rolname = $1', [role])
  const secret = password === undefined ? undefined : client.escapeLiteral(password)
  if (rowCount === 0) {
    if (secret === undefined) {
      throw new InitialiseError('role_missing', `The role ${role} does not exist yet: give its password.`)
    }
    await client.query(`create role ${role} login password ${secret}`)
  } else if (secret !== undefined) {
    await client.query(`alter role ${role} password ${secret}`)
  }
}

/** What keeps the ledger from the service's own role must not be something that this role can lift. */
export async function refuseMight(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ mighty: boolean }>(`
    select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls
      or pg_has_role(oid, 'gitsudo_owner', 'member') as mighty
    from pg_roles where rolname = 'gitsudo_app'`)
  if (rows[0]?.mighty !== false) {
    throw new InitialiseError(
      'role_too_mighty',
      'The role gitsudo_app may be no superuser, make no roles or databases, not replicate, and not belong to ' +
        'gitsudo_owner: the ledger would be open to it. Take that from it (alter role, revoke).',
    )
  }
}
