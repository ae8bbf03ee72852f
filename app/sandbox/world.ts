import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, relative } from 'node:path'
import { type LocalGitHub, startGitHub } from './github/start.ts'
import { createPerson, type Person } from './person.ts'
import { dropDatabase, sql, withDatabase, withUser } from './postgres.ts'
import { type Entry, initialiseService, type Service, startService } from './service.ts'

/** Logins and numeric ids of `policies/data/identities.yaml`, in the order in which they are made. */
const people = { alice: 1001, bob: 1002, carol: 1003, dave: 1004, erin: 1005, frank: 1006 } as const
export type Login = keyof typeof people

export type World = {
  readonly github: LocalGitHub
  readonly repository: { readonly id: number; readonly fullName: string }
  /** Further access repositories, furnished alike, in the order of `WorldOptions.others`. */
  readonly others: readonly { readonly id: number; readonly fullName: string }[]
  /** Where the ledger is anchored; only erin may write there besides the App. */
  readonly anchorRepository: { readonly id: number; readonly fullName: string }
  readonly people: Readonly<Record<Login, Person>>
  /** Whether gitsudo merges what is approved, or people do. */
  readonly merge: 'auto' | 'manual'
  readonly service: {
    readonly url: string
    readonly config: string
    readonly env: NodeJS.ProcessEnv
    /** Of its GitHub App. */
    readonly appId: number
  }
  /** The app role's, to look from outside. */
  readonly databaseUrl: string
  readonly superuserUrl: string
  /** Starts a replica; `port` 0 is the configured one. */
  start(replica?: { readonly port: number }): Promise<Service>
  close(): Promise<void>
}

export type WorldOptions = {
  /** Where everything lies. */
  readonly dir: string
  /** The folder whose `policies/` becomes the access repository's. */
  readonly template: string
  readonly entry: Entry
  /** A PostgreSQL whose user may create roles and databases. */
  readonly adminUrl: string
  readonly clock: { now(): number }
  readonly env?: NodeJS.ProcessEnv
  /** Lines put into the configuration in place of the defaults, by key. */
  readonly settings?: Readonly<Record<string, unknown>>
  readonly rateLimits?: boolean
  readonly merge?: 'auto' | 'manual'
  /** Names of further access repositories of the same organisation. */
  readonly others?: readonly string[]
  /** What requests of each access repository may touch; without it, anything. */
  readonly scopes?: readonly string[]
}

/** A company in a box: a local GitHub with an access repository, its people, the App, and a gitsudo made for it. */
export const createWorld = async (options: WorldOptions): Promise<World> => {
  await mkdir(options.dir, { recursive: true })
  const github = await startGitHub({
    dir: join(options.dir, 'github'),
    clock: options.clock,
    rateLimits: options.rateLimits ?? true,
  })
  try {
    return await furnish(options, github)
  } catch (error) {
    await github.close()
    throw error
  }
}

/** What gitsudo's App asks for, and is told of: the manifest's, said again because GitHub is no part of the service. */
export const appPermissions = {
  administration: 'read',
  checks: 'write',
  contents: 'write',
  issues: 'write',
  members: 'read',
  merge_queues: 'read',
  metadata: 'read',
  pull_requests: 'write',
} as const
export const appEvents = [
  'check_run',
  'check_suite',
  'issue_comment',
  'merge_group',
  'pull_request',
  'pull_request_review',
  'push',
  'repository',
]

/** People, repository, App, database, keys and configuration around a started GitHub. */
const furnish = async (options: WorldOptions, github: LocalGitHub): Promise<World> => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const owner = 'acme'
  github.admin.createOrg({ login: owner })
  const accounts = Object.fromEntries(
    Object.entries(people).map(([login, id]) => [login, github.admin.createUser({ login, id })] as const),
  )
  const files = await templateFiles(options.template)
  const furnished: { readonly id: number; readonly fullName: string; readonly head: string | null }[] = []
  for (const name of ['access', ...(options.others ?? [])]) {
    const { id, head } = await github.admin.createRepository({ owner, name, private: true, files })
    const fullName = `${owner}/${name}`
    for (const login of Object.keys(people)) {
      github.admin.setPermission(fullName, login, login === 'erin' ? 'admin' : 'write')
    }
    furnished.push({ id, fullName, head })
  }
  const ledger = await github.admin.createRepository({
    owner,
    name: 'ledger',
    private: true,
    files: { 'README.md': '# Anchors of the ledger\n' },
  })
  const anchorRepository = { id: ledger.id, fullName: `${owner}/ledger` }
  github.admin.setPermission(anchorRepository.fullName, 'erin', 'admin')
  github.admin.setPermission(anchorRepository.fullName, 'frank', 'read')
  const [repository, ...others] = furnished
  if (repository === undefined) throw new TypeError('no access repository')
  const { fullName } = repository
  const app = github.admin.createApp({
    slug: 'gitsudo',
    name: 'gitsudo',
    webhookUrl: `${url}/webhooks/github`,
    webhookSecret: randomBytes(24).toString('hex'),
    permissions: appPermissions,
    events: appEvents,
    settings: { deviceFlow: true },
  })
  github.admin.installApp(app.slug, anchorRepository.fullName)
  for (const { fullName: name } of furnished) {
    github.admin.installApp(app.slug, name)
    github.admin.protectBranch(name, 'main', {
      requiredChecks: [{ context: 'gitsudo', appId: app.id }],
      enforceAdmins: false,
    })
  }

  const database = `gitsudo_${randomBytes(4).toString('hex')}`
  await sql(options.adminUrl, `create database ${database}`)
  const superuserUrl = withDatabase(options.adminUrl, database)
  const databaseUrl = withUser(superuserUrl, 'gitsudo_app', randomBytes(18).toString('hex'))
  const secrets = join(options.dir, 'secrets')
  await mkdir(secrets, { recursive: true, mode: 0o700 })
  const secret = async (name: string, text: string) => {
    await writeFile(join(secrets, name), text, { mode: 0o600 })
    return join(secrets, name)
  }
  const config = join(options.dir, 'gitsudo.yaml')
  const settings = {
    instance: 'sandbox.local',
    stateDir: join(options.dir, 'state'),
    administrators: [people.erin],
    auditors: [people.frank],
    repositories: furnished.map(({ id, fullName: name, head }) => ({
      name,
      id,
      branch: 'main',
      firstAcceptedCommit: head,
      providers: Object.keys(options.settings?.providers ?? { mock: {} }),
      scopes: options.scopes ?? ['*'],
      policyOwners: { ids: [people.erin], count: 1 },
      merge: options.merge ?? 'manual',
    })),
    anchorRepository: { name: anchorRepository.fullName, id: anchorRepository.id },
    server: { http_addr: `127.0.0.1:${port}` },
    database: { url_file: await secret('database-url', databaseUrl) },
    github: {
      base_url: github.apiUrl,
      git_url: github.url,
      app_id: app.id,
      client_id: app.clientId,
      private_key_file: await secret('app.pem', app.privateKey),
      client_secret_file: await secret('client-secret', app.clientSecret),
      webhook_secret_file: await secret('webhook-secret', app.webhookSecret),
    },
    providers: { mock: {} },
    ...options.settings,
  }
  // JSON is YAML.
  await writeFile(config, `${JSON.stringify(settings, null, 2)}\n`)
  const env = { PATH: process.env.PATH, ...options.env }
  await initialiseService(options.entry, config, { ...env, GITSUDO_OWNER_DATABASE_URL: superuserUrl })

  const at = {
    apiUrl: github.apiUrl,
    gitUrl: github.url,
    repository: fullName,
    dir: join(options.dir, 'clones'),
  }
  const persons = Object.fromEntries(
    Object.entries(accounts).map(([login, account]) => [login, createPerson(account, at)]),
  ) as Record<Login, Person>

  return {
    github,
    repository: { id: repository.id, fullName },
    others: others.map(({ id, fullName: name }) => ({ id, fullName: name })),
    anchorRepository,
    people: persons,
    merge: options.merge ?? 'manual',
    service: { url, config, env, appId: app.id },
    databaseUrl,
    superuserUrl,
    start: (replica) => {
      const own = replica === undefined ? undefined : `127.0.0.1:${replica.port}`
      return startService(options.entry, {
        config,
        url: own === undefined ? url : `http://${own}`,
        log: join(options.dir, 'gitsudo.log'),
        env: own === undefined ? env : { ...env, GITSUDO_HTTP_ADDR: own },
      })
    },
    async close() {
      await github.close()
      await dropDatabase(options.adminUrl, database)
    },
  }
}

/** `policies/` as committed: sources, tests and data. */
const templateFiles = async (root: string): Promise<Record<string, string>> => {
  const files: Record<string, string> = { 'README.md': '# Access\n' }
  for (const entry of await readdir(join(root, 'policies'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files[relative(root, path)] = await readFile(path, 'utf8')
  }
  return files
}

/** A port that is free now; GitHub has to know the webhook's address before the service listens. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        address !== null && typeof address === 'object'
          ? resolve(address.port)
          : reject(new Error('no port')),
      )
    })
  })
