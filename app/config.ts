import { readFileSync } from 'node:fs'
import { load, YAMLException } from 'js-yaml'
import { disagreements, splitAddress } from './config/agreement.ts'
import { type Environment, overridden } from './config/environment.ts'
import { ConfigError, type ConfigFault } from './config/fault.ts'
import { type ProviderSettings, providerFaults, providerSettings } from './config/providers.ts'
import { type ConfigFile, fileSchema } from './config/schema.ts'
import { type ReadFile, readSecrets, type Secrets, secretPlaces } from './config/secrets.ts'
import { shapeFaults } from './config/shape.ts'
import { parseSpan } from './config/span.ts'

/** An access repository as configured (trust.md 1.1). */
export type RepositoryConfig = Readonly<ConfigFile['repositories'][number]>

/** The service's configuration, read and checked; secrets included. Spans are milliseconds. */
export type Config = {
  readonly instance: string
  readonly stateDir: string
  readonly repositories: readonly RepositoryConfig[]
  /** Absent: the ledger is not anchored. */
  readonly anchorRepository?: { readonly name: string; readonly id: number }
  readonly witnesses: { readonly files: readonly string[]; readonly command?: readonly string[] }
  /** Numeric GitHub ids. */
  readonly administrators: readonly number[]
  readonly auditors: readonly number[]
  readonly pendingTtlMs: number
  readonly grantWindowMs: number
  readonly server: { readonly host: string; readonly port: number }
  /** `url` undefined: an embedded PostgreSQL below `stateDir`. `ownerUrl`: only for `server init`. */
  readonly database: { readonly url?: string; readonly ownerUrl?: string }
  readonly github: {
    /** REST API, without a trailing slash. */
    readonly baseUrl: string
    /** `<gitUrl>/<owner>/<name>.git` is fetched. */
    readonly gitUrl: string
    readonly appId: number
    readonly clientId: string
    readonly clientSecret: string
    readonly privateKey: string
    readonly webhookSecret: string
    readonly webhookSecretOld?: string
  }
  /** Texts, the one in use first; `files`: where they lie, the first is where `server init` writes a new one. */
  readonly keys: {
    readonly signing: readonly string[]
    readonly mac: readonly string[]
    readonly files: { readonly signing: readonly string[]; readonly mac: readonly string[] }
  }
  readonly providers: ProviderSettings
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

export type ConfigOutcome =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] }

/**
 * The configuration's text and environment into a `Config`, or every fault in them at once. Does nothing else.
 * @param keys `to-make` for `server init`: absent key files are no fault, an absent owner's address is one
 */
export function parseConfig(
  text: string,
  env: Environment,
  readFile: ReadFile,
  keys: 'present' | 'to-make' = 'present',
): ConfigOutcome {
  const yaml = readYaml(text)
  if (!yaml.ok) return { ok: false, faults: [yaml.fault] }
  const { value, faults: unread } = overridden(yaml.value, env)
  const shape = fileSchema.safeParse(value)
  const places = secretPlaces(value)
  const { secrets, faults: unreadable } = readSecrets(places, env, readFile, keys)
  const given = env.GITSUDO_DATABASE_URL || env.DATABASE_URL
  const sound = shape.success ? shape.data : soundSections(value)
  const faults = [
    ...unread,
    ...(shape.success ? [] : shapeFaults(shape.error)),
    ...disagreements(sound, !given && hasPassword(places.databaseUrl)),
    ...unreadable,
    ...(sound.providers === undefined ? [] : providerFaults(sound.providers, secrets.clouds)),
    ...(sound.database === undefined ? [] : databaseFaults(secrets.databaseUrl, sound.database.embedded)),
    ...(keys === 'to-make' && !sound.database?.embedded ? ownerFaults(env[ownerKey]) : []),
  ]
  if (!shape.success || faults.length > 0) return { ok: false, faults }
  return {
    ok: true,
    config: assemble(shape.data, secrets, { signing: places.signing, mac: places.mac }, env),
  }
}

/** Reads `path`, else `GITSUDO_CONFIG`, else `/etc/gitsudo/gitsudo.yaml`. Throws `ConfigError` with every fault. */
export function loadConfig(
  path: string | undefined,
  env: Environment,
  keys: 'present' | 'to-make' = 'present',
): Config {
  const source = path ?? (env.GITSUDO_CONFIG || '/etc/gitsudo/gitsudo.yaml')
  const readFile = (name: string) => readFileSync(name, 'utf8')
  let text: string
  try {
    text = readFile(source)
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new ConfigError(source, [
      {
        key: 'file',
        message: why === 'ENOENT' ? 'does not exist' : `cannot be read (${why})`,
        remedy: 'name the file with --config or GITSUDO_CONFIG; docs/configuration.md lists its keys',
      },
    ])
  }
  const outcome = parseConfig(text, env, readFile, keys)
  if (!outcome.ok) throw new ConfigError(source, outcome.faults)
  return outcome.config
}

function assemble(
  file: ConfigFile,
  secrets: Secrets,
  files: Config['keys']['files'],
  env: Environment,
): Config {
  const baseUrl = file.github.base_url.replace(/\/+$/, '')
  return {
    instance: file.instance,
    stateDir: file.stateDir,
    repositories: file.repositories,
    ...(file.anchorRepository === undefined ? {} : { anchorRepository: file.anchorRepository }),
    witnesses: {
      files: file.ledger.witness_files,
      ...(file.ledger.witness_command === undefined ? {} : { command: file.ledger.witness_command }),
    },
    administrators: file.administrators,
    auditors: file.auditors,
    pendingTtlMs: parseSpan(file.pendingTtl) ?? 0,
    grantWindowMs: parseSpan(file.grantWindow) ?? 0,
    server: splitAddress(file.server.http_addr),
    database: {
      ...(secrets.databaseUrl === undefined ? {} : { url: secrets.databaseUrl }),
      ...(env[ownerKey] ? { ownerUrl: env[ownerKey] } : {}),
    },
    github: {
      baseUrl,
      gitUrl: (file.github.git_url ?? gitHost(baseUrl)).replace(/\/+$/, ''),
      appId: file.github.app_id,
      clientId: file.github.client_id,
      clientSecret: secrets.clientSecret,
      privateKey: secrets.privateKey,
      webhookSecret: secrets.webhookSecret,
      ...(secrets.webhookSecretOld === undefined ? {} : { webhookSecretOld: secrets.webhookSecretOld }),
    },
    keys: { signing: secrets.signing, mac: secrets.mac, files },
    providers: providerSettings(file.providers, secrets.clouds),
    logLevel: file.log.level,
  }
}

/** The sections that are in shape by themselves, so that a fault in one hides none in another. */
function soundSections(value: Readonly<Record<string, unknown>>): Partial<ConfigFile> {
  const read = Object.entries(fileSchema.shape).map(
    ([name, schema]) => [name, schema.safeParse(value[name])] as const,
  )
  return Object.fromEntries(
    read.flatMap(([name, section]) => (section.success ? [[name, section.data]] : [])),
  )
}

/** An Enterprise Server's API is `https://HOST/api/v3` (GitHub docs, "Getting started with the REST API"). */
function gitHost(baseUrl: string): string {
  return baseUrl === 'https://api.github.com' ? 'https://github.com' : new URL(baseUrl).origin
}

/** As pg reads them: all but the first two check the server's certificate. */
const sslModes = ['disable', 'no-verify', 'prefer', 'require', 'verify-ca', 'verify-full']

function databaseFaults(url: string | undefined, embedded: boolean): readonly ConfigFault[] {
  const remedy = 'set GITSUDO_DATABASE_URL or database.url_file, or database.embedded: true for a trial'
  if (url === undefined) return embedded ? [] : [{ key: 'database', message: 'names no database', remedy }]
  if (embedded)
    return [{ key: 'database.embedded', message: 'is set beside an address', remedy: 'keep one of them' }]
  return addressFaults('database.url', url)
}

const ownerKey = 'GITSUDO_OWNER_DATABASE_URL'

/** Whoever makes roles and tables; an embedded PostgreSQL has its own. */
function ownerFaults(url: string | undefined): readonly ConfigFault[] {
  if (url) return addressFaults(ownerKey, url)
  const remedy = 'write the address of a role that may create roles, or of gitsudo_owner'
  return [{ key: ownerKey, message: 'is not set', remedy }]
}

function addressFaults(key: string, url: string): readonly ConfigFault[] {
  if (!isAddress(url))
    return [
      {
        key,
        message: 'is not a PostgreSQL address',
        remedy: 'write postgres://ROLE@HOST:5432/DATABASE; in a password / is %2F and % is %25',
      },
    ]
  const mode = new URL(url).searchParams.get('sslmode')
  // One that nobody here knows would be no encryption.
  return mode === null || sslModes.includes(mode)
    ? []
    : [
        {
          key,
          message: `has the unknown sslmode=${mode}`,
          remedy: `write one of ${sslModes.join(', ')}`,
        },
      ]
}

function isAddress(url: string): boolean {
  if (!/^postgres(ql)?:\/\/./.test(url) || !URL.canParse(url)) return false
  const { username, password, pathname } = new URL(url)
  try {
    for (const part of [username, password, pathname]) decodeURIComponent(part)
    return true
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause
    return false
  }
}

function hasPassword(url: string | undefined): boolean {
  if (url === undefined || !URL.canParse(url)) return false
  const parsed = new URL(url)
  return parsed.password !== '' || parsed.searchParams.has('password')
}

function readYaml(
  text: string,
):
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly fault: ConfigFault } {
  const remedy = 'docs/configuration.md has an example'
  try {
    const value = load(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return { ok: true, value: { ...value } }
    return { ok: false, fault: { key: 'file', message: 'must hold keys and values', remedy } }
  } catch (cause) {
    if (!(cause instanceof YAMLException)) throw cause
    const where =
      cause.mark === undefined ? '' : ` at line ${cause.mark.line + 1}, column ${cause.mark.column + 1}`
    return { ok: false, fault: { key: 'file', message: `is not YAML: ${cause.reason}${where}`, remedy } }
  }
}
