// PostgreSQL is there and refuses: whoever configured it is told what to mend, in a sentence.
import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compose } from '../../app/compose.ts'
import { withClient } from '../support/client.ts'
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts'
import { configured, startIn } from './bin.ts'
import { absent, gitsudo } from './harness.ts'

let postgres: TestDatabase
/** On the same server, where nobody ever ran `gitsudo server init`. */
const empty = `gitsudo_test_${randomBytes(6).toString('hex')}`
const execute = (statement: string) => withClient(postgres.superuserUrl, (client) => client.query(statement))
beforeAll(async () => {
  postgres = await createTestDatabase()
  await execute(`create database ${empty}`)
})
afterAll(async () => {
  await execute(`drop database ${empty} with (force)`)
  await postgres.drop()
})

const at = (url: string, change: Readonly<Record<string, string>>): string =>
  Object.assign(new URL(url), change).href
/** A command line over all parts of the service, and what is in its `stateDir` afterwards. */
const run = async (argv: readonly string[], given: Readonly<Record<string, string>>) => {
  const { config, env, stateDir } = await configured()
  const said = await gitsudo([...argv, '--config', config], compose({ ...env, ...given }, '0'))
  return { ...said, made: await readdir(stateDir) }
}

describe('server init', () => {
  it.each([
    [
      'a database that is not there',
      (urls: TestDatabase) => at(urls.superuserUrl, { pathname: '/nowhere' }),
      'PostgreSQL refuses: database "nowhere" does not exist',
      'create that database, or name another in the address',
    ],
    [
      'a role that is not there',
      (urls: TestDatabase) => at(urls.superuserUrl, { username: 'nobody', password: 'x' }),
      'PostgreSQL refuses: password authentication failed for user "nobody"',
      'check the role and the password in the address; gitsudo server init makes gitsudo_app',
    ],
    [
      'a wrong password',
      (urls: TestDatabase) => at(urls.ownerUrl, { password: 'wrong' }),
      'PostgreSQL refuses: password authentication failed for user "gitsudo_owner"',
      'check the role and the password in the address; gitsudo server init makes gitsudo_app',
    ],
    [
      'a role that may not do it',
      (urls: TestDatabase) => at(urls.appUrl, { pathname: `/${empty}` }),
      expect.stringMatching(/^PostgreSQL refuses: permission denied /),
      'name a role that may; for gitsudo server init one that may create roles, or gitsudo_owner',
    ],
  ])('%s', async (_, owner, message, hint) => {
    const { status, out, err } = await run(['server', 'init'], {
      DATABASE_URL: postgres.appUrl,
      GITSUDO_OWNER_DATABASE_URL: owner(postgres),
    })
    const [said = '', ...more] = err.split('\n')
    expect({ status, out }).toEqual({ status: 2, out: '' })
    expect(said.slice('gitsudo: '.length)).toEqual(message)
    expect(more).toEqual([`  → ${hint}`, ''])
  })

  it.each([
    ['localhost', 'is not a PostgreSQL address'],
    ['postgres://gitsudo_owner:a/b@localhost/gitsudo', 'is not a PostgreSQL address'],
    ['', 'is not set'],
  ])('makes nothing where the address is %j', async (url, message) => {
    const { status, err, made } = await run(['server', 'init'], {
      DATABASE_URL: postgres.appUrl,
      GITSUDO_OWNER_DATABASE_URL: url,
      GITSUDO_SIGNING_KEY: '',
      GITSUDO_MAC_KEY: '',
    })
    expect({ status, err, made }).toEqual({
      status: 2,
      err: expect.stringContaining(`1 fault\n  GITSUDO_OWNER_DATABASE_URL: ${message}\n`),
      made: ['gitsudo.yaml'],
    })
  })
})

const otherRelease = 'This database was not initialised for this release: run gitsudo server init.'
const nothingThere = 'PostgreSQL refuses: relation "ledger_origin" does not exist'
const initialise = 'run gitsudo server init, or name the database that it was run on'

it('sweep says that the database was not initialised, or by another release', async () => {
  const sweep = (url: string) => run(['sweep', '--once'], { DATABASE_URL: url })
  expect(await sweep(at(postgres.appUrl, { pathname: `/${empty}` }))).toMatchObject({
    status: 3,
    err: `gitsudo: ${nothingThere}\n  → ${initialise}\n`,
  })
  await execute("insert into ledger_origin (origin) values ('acme.example')")
  await execute('update pgboss.version set version = version - 1')
  const older = { status: 3, err: `gitsudo: ${otherRelease}\n` }
  expect(await sweep(postgres.appUrl)).toMatchObject(older)
  await execute('drop schema pgboss cascade')
  expect(await sweep(postgres.appUrl)).toMatchObject(older)
})

it.each([
  ['itself', (error: unknown) => error],
  ['beneath a library', (error: unknown) => new Error('Query failed.', { cause: error })],
])('a table that is not there, %s', async (_, wrapped) => {
  const sweepOnce = async () => {
    await execute('select from nowhere').catch((error: unknown) => Promise.reject(wrapped(error)))
    return absent()
  }
  expect(await gitsudo(['sweep', '--once'], { sweepOnce })).toMatchObject({
    status: 3,
    err: 'gitsudo: PostgreSQL refuses: relation "nowhere" does not exist\n  → run gitsudo server init, or name the database that it was run on\n',
  })
})

it.each([
  ['a database that was not initialised', { pathname: `/${empty}` }, `${nothingThere}; ${initialise}`],
  [
    'a role that is not there',
    { username: 'nobody' },
    'PostgreSQL refuses: password authentication failed for user "nobody"; check the role and the password in the address; gitsudo server init makes gitsudo_app',
  ],
])('server start waits, and says what is missing, for %s', async (_, change, missing) => {
  const { config, env, stateDir } = await configured()
  const child = startIn(stateDir, ['server', 'start', '--config', config], {
    ...env,
    DATABASE_URL: at(postgres.appUrl, change),
  })
  if (child.stdout === null) throw new Error('no output')
  const said: unknown[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    const { msg, missing: what } = JSON.parse(line) as { readonly msg: string; readonly missing?: string }
    if (msg !== 'waiting for the database') continue
    if (said.push(what) === 2) child.kill('SIGTERM')
  }
  expect(said.slice(0, 2)).toEqual([missing, missing])
})
