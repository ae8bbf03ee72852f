import { afterAll, beforeAll, expect, test } from 'vitest'
import { leafHash, linkHash } from '../../app/audit/chain.ts'
import { installQueues } from '../../app/queue/install.ts'
import { initialise } from '../../app/store/initialise.ts'
import { overLoopback, withClient } from '../support/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  // What is granted on the database itself, a copy of it has not.
  await initialise({ adminUrl: database.superuserUrl, passwords: {}, install: installQueues })
  await as('gitsudo_owner', [
    announce,
    "insert into policies (repository, name, type) values (1, 'roles', 'ELIGIBILITY'), (1, 'night', 'ELIGIBILITY')",
    `insert into grants (id, repository, pull, requester_id, requester_login, provider, role, scope, reason, metadata,
       state, binding_key, starts_at, ends_at, tries, version)
     values ('req_0', 1, 7, 1001, 'alice', 'mock', 'db-read', 'orders', 'INC-1', '{}', 'active', 'b', now(), now(), 0, 1)`,
  ])
})
afterAll(() => database.drop())

/** How the service's transactions say who they are. */
const announce = "set gitsudo.announced = 'yes'"
const roles = ['gitsudo_app', 'gitsudo_owner', 'superuser'] as const
type Role = (typeof roles)[number]

const urlOf = (role: Role) =>
  database[({ gitsudo_app: 'appUrl', gitsudo_owner: 'ownerUrl', superuser: 'superuserUrl' } as const)[role]]
const as = (role: Role, statements: readonly string[]) =>
  withClient(urlOf(role), async (client) => {
    for (const one of statements) await client.query(one)
  })

/** What the statement would leave for the sealer to tell, were it not rolled back. */
const noticed = (role: Role, statements: readonly string[]) =>
  withClient(overLoopback(urlOf(role)), async (client) => {
    await client.query("set application_name = 'by hand'")
    for (const one of [...statements.slice(0, -1), 'begin', ...statements.slice(-1)]) await client.query(one)
    const { rows } = await client.query(`
      select table_name, operation, row_key, before, after, by_role, client, application
      from database_changes order by id`)
    await client.query('rollback')
    return rows
  })

/** What the service's role may do to each whole table; of three it writes all columns but the number that is given out. */
const may: Readonly<Record<string, string>> = {
  audit_events: 'INSERT SELECT',
  branches: 'INSERT SELECT UPDATE',
  checkpoints: 'INSERT SELECT',
  clouds: 'INSERT SELECT UPDATE',
  database_changes: 'DELETE SELECT',
  deliveries: 'INSERT SELECT',
  evidence: 'INSERT SELECT',
  github_budget: 'INSERT SELECT UPDATE',
  grant_attempts: 'SELECT UPDATE',
  grants: 'INSERT SELECT UPDATE',
  kept_intents: 'DELETE INSERT SELECT UPDATE',
  key_rotations: 'SELECT',
  ledger_origin: 'SELECT',
  ledger_staged: 'DELETE SELECT',
  ledger_standing: 'INSERT SELECT UPDATE',
  mock_bindings: 'DELETE INSERT SELECT UPDATE',
  override_asks: 'DELETE INSERT SELECT UPDATE',
  policies: 'DELETE INSERT SELECT UPDATE',
  projections: 'INSERT SELECT UPDATE',
  pulls: 'INSERT SELECT UPDATE',
  requests: 'INSERT SELECT UPDATE',
  revoke_asks: 'INSERT SELECT UPDATE',
  schema_migrations: 'SELECT',
  troubles: 'DELETE INSERT SELECT UPDATE',
}

test('the service may do to each table what is written here, owns none, and no more', async () => {
  const { rows } = await withClient(database.superuserUrl, (client) =>
    client.query<{ name: string; may: string; owner: string }>(`
      select relname as name, relowner::regrole::text as owner,
        (select string_agg(privilege_type, ' ' order by privilege_type) from aclexplode(relacl)
          where grantee in ('gitsudo_app'::regrole, 0)) as may
      from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'm', 'p', 'f')`),
  )
  expect(Object.fromEntries(rows.map((row) => [row.name, row.may]))).toEqual(may)
  expect(new Set(rows.map(({ owner }) => owner))).toEqual(new Set(['gitsudo_owner']))
})

const appendOnly = ['audit_events', 'evidence', 'checkpoints', 'key_rotations']
const keys: Readonly<Record<string, string>> = {
  audit_events: 'seq',
  evidence: 'digest',
  checkpoints: 'size',
  key_rotations: 'note',
}
const rewrites = appendOnly.flatMap((table) => [
  `update ${table} set ${keys[table]} = ${keys[table]}`,
  `delete from ${table}`,
  `truncate ${table}`,
])

test.each([
  ...rewrites,
  ...appendOnly.flatMap((table) => [
    `drop table ${table}`,
    `alter table ${table} disable trigger all`,
    `alter table ${table} rename to other`,
    `drop trigger append_only on ${table}`,
    `create trigger mine after insert on ${table} execute function refuse_change()`,
    `create rule quiet as on insert to ${table} do instead nothing`,
    `alter table ${table} enable row level security`,
  ]),
  'update deliveries set event = event',
  'delete from deliveries',
  'delete from grants',
  'truncate policies',
  'update database_changes set row_key = row_key',
  'insert into ledger_staged (id, body, mac_key, mac) overriding system value values (9, $$$$, $$$$, $$$$)',
  'update ledger_staged set refused = true',
  'insert into key_rotations (id, note) overriding system value values (9, $$$$)',
  'insert into grant_attempts (id, grant_id, fence, action, opened_at) overriding system value values (9, $$$$, 1, $$ensure$$, now())',
  'insert into ledger_origin (one, origin) values (false, $$mine$$)',
  'update ledger_origin set origin = origin',
  'delete from schema_migrations',
  'alter table policies disable trigger note_change',
  'alter table grants disable trigger all',
  'create or replace function note_change() returns trigger language plpgsql as $$ begin return null; end $$',
  'alter function refuse_change() owner to gitsudo_app',
  'drop function refuse_change() cascade',
  'create function mine() returns trigger language plpgsql as $$ begin return null; end $$',
  'create function pg_temp.mine() returns int language sql as $$ select 1 $$',
  'create table mine ()',
  'create temporary table audit_events ()',
  'create schema mine',
  'create extension pg_trgm',
  'create event trigger mine on ddl_command_end execute function refuse_change()',
  'set session_replication_role = replica',
  'set role gitsudo_owner',
  'set session authorization gitsudo_owner',
  'alter role gitsudo_app superuser',
  'grant gitsudo_owner to gitsudo_app',
  "copy evidence to program 'true'",
  "copy evidence from '/etc/hostname'",
])('the service may not: %s', async (statement) => {
  await expect(as('gitsudo_app', [announce, statement])).rejects.toThrow(
    /permission denied|must be owner|must be superuser|must be able to SET ROLE|Only roles with|no schema/i,
  )
})

test.each(rewrites)('nobody but the owner may, triggers on or off: %s', async (statement) => {
  await expect(as('superuser', [statement])).rejects.toThrow('is append-only')
  await expect(as('superuser', ['set session_replication_role = replica', statement])).rejects.toThrow(
    'is append-only',
  )
})

test.each(['gitsudo_app', 'superuser'] as const)(
  'the ledger grows at its end, by links: %s',
  async (role) => {
    /** Rows that link, but for what is given of them, as SQL. */
    const put = (seqs: readonly string[], wrong: Readonly<Record<string, string>> = {}) => {
      let head: Uint8Array = new Uint8Array(32)
      const rows = seqs
        .toSorted((a, b) => Number(a) - Number(b))
        .map((seq) => {
          const leaf = leafHash(Buffer.from(seq))
          head = linkHash(head, Math.max(0, Number(seq)), leaf)
          const row = {
            seq,
            body: bytes(Buffer.from(seq)),
            leaf: bytes(leaf),
            chain: bytes(head),
            at: 'now()',
            ...wrong,
          }
          const { repo_id = '1', pull = '1' } = wrong
          return `(${row.seq}, ${row.body}, ${row.leaf}, ${row.chain}, '', ${row.at}, '', '', ${repo_id}, ${pull})`
        })
      return as(role, [
        'begin',
        `insert into audit_events (seq, body, leaf, chain, type, at, actor_kind, actor_id, repo_id, pull) values ${rows}`,
        'rollback',
      ])
    }
    // No number would be left to go on with, or no JavaScript would know it.
    for (const seqs of [
      ['9223372036854775807'],
      ['9007199254740993'],
      ['2'],
      ['0'],
      ['-1'],
      ['1', '3'],
      ['0', '1'],
      ['0', '2'],
    ])
      await expect(put(seqs)).rejects.toThrow('audit_events grows at its end, without gaps')
    for (const wrong of [
      { leaf: "sha256('')" },
      { chain: "sha256('')" },
      { chain: "''::bytea" },
      { at: "'infinity'" },
      { at: "'-infinity'" },
      { repo_id: '9007199254740993' },
      { pull: '-9223372036854775808' },
    ])
      await expect(put(['1', '2'], wrong)).rejects.toThrow('audit_events grows by links')
    await expect(
      put(['1', '2'], { body: bytes(Buffer.from('1')), leaf: bytes(leafHash(Buffer.from('1'))) }),
    ).rejects.toThrow('audit_events grows by links')
    await put(['1'])
    await put(['2', '1', '3'])
  },
)

test('every number and every moment that the service may write is one that it can read back', async () => {
  const { rows } = await withClient(database.superuserUrl, (client) =>
    client.query<{ name: string; checks: string[] | null }>(`
      select table_name || '.' || column_name as name,
        (select array_agg(conname::text) from pg_constraint
         where conrelid = table_name::regclass and contype = 'c' and conname = table_name || '_' || column_name || '_is_read') as checks
      from information_schema.columns
      where table_schema = 'public' and table_name not in ('schema_migrations', 'audit_events')
        and data_type in ('bigint', 'timestamp with time zone')`),
  )
  expect(rows.length).toBeGreaterThan(50)
  expect(rows.filter(({ checks }) => checks === null)).toEqual([])
})

test('guards stay on where triggers are turned off', async () => {
  const { rows } = await withClient(database.superuserUrl, (client) =>
    client.query(`
      select tgrelid::regclass::text as of_table, tgname from pg_trigger
      where not tgisinternal and tgrelid in (select oid from pg_class where relnamespace = 'public'::regnamespace)
        and tgenabled <> 'A'`),
  )
  expect(rows).toEqual([])
})

const bytes = (of: Uint8Array) => `'\\x${Buffer.from(of).toString('hex')}'::bytea`

type Change = readonly [row: string, before: object | null, after: object | null]
const slips: readonly { statement: string; table: string; operation: string; rows: readonly Change[] }[] = [
  {
    statement: "update policies set enabled = false where type = 'ELIGIBILITY'",
    table: 'policies',
    operation: 'update',
    rows: [
      ['1/roles', { enabled: true }, { enabled: false }],
      ['1/night', { enabled: true }, { enabled: false }],
    ],
  },
  {
    statement: "insert into policies (repository, name, type) values (2, 'own', 'APPROVAL')",
    table: 'policies',
    operation: 'insert',
    rows: [['2/own', null, { repository: 2, name: 'own', type: 'APPROVAL', enabled: true }]],
  },
  {
    statement: "delete from policies where name = 'night'",
    table: 'policies',
    operation: 'delete',
    rows: [['1/night', { repository: 1, name: 'night', type: 'ELIGIBILITY', enabled: true }, null]],
  },
  {
    statement: "update grants set state = 'ended', cause = 'expired' where id = 'req_0'",
    table: 'grants',
    operation: 'update',
    rows: [['req_0', { state: 'active', cause: null }, { state: 'ended', cause: 'expired' }]],
  },
  { statement: 'truncate grants', table: 'grants', operation: 'truncate', rows: [['*', null, null]] },
  {
    statement: 'delete from ledger_staged',
    table: 'ledger_staged',
    operation: 'delete',
    rows: [['*', null, null]],
  },
  {
    statement: 'update branches set cursor = cursor',
    table: 'branches',
    operation: 'update',
    rows: [['*', null, null]],
  },
  {
    statement: "delete from deliveries where guid = ''",
    table: 'deliveries',
    operation: 'delete',
    rows: [['*', null, null]],
  },
  {
    statement: 'insert into audit_events select * from audit_events where false',
    table: 'audit_events',
    operation: 'insert',
    rows: [['*', null, null]],
  },
]

test.each(slips)(
  'a hand that says nothing is noticed: $statement',
  async ({ statement, table, operation, rows }) => {
    const told = rows.map(([row_key, before, after]) => ({
      ...{ table_name: table, operation, row_key, client: '127.0.0.1', application: 'by hand' },
      before: before === null ? null : expect.objectContaining(before),
      after: after === null ? null : expect.objectContaining(after),
    }))
    const needs = operation.toUpperCase()
    for (const role of roles.filter((one) => one !== 'gitsudo_app' || may[table]?.includes(needs))) {
      const by_role = role === 'superuser' ? new URL(database.superuserUrl).username : role
      const found = await noticed(role, [statement])
      expect(found).toEqual(told.map((one) => ({ ...one, by_role })))
      if (role === 'superuser')
        expect(await noticed(role, ['set session_replication_role = replica', statement])).toEqual(found)
      expect(await noticed(role, [announce, statement])).toEqual(operation === 'truncate' ? found : [])
    }
  },
)

test.each([
  ['policies', 'note_change', "update policies set enabled = false where name = 'roles'"],
  ['grants', 'note_change', "update grants set state = 'ended'"],
])('who alters the tables is not noticed: %s without its trigger', async (table, trigger, change) => {
  expect(await noticed('superuser', [change])).not.toEqual([])
  expect(await noticed('superuser', [`alter table ${table} disable trigger ${trigger}; ${change}`])).toEqual(
    [],
  )
})
