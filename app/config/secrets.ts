import type { Environment } from './environment.ts'
import type { ConfigFault } from './fault.ts'
import { type CloudSecrets, cloudSecrets } from './providers.ts'
import { ed25519, type Form, hmacKey, longEnough, rsa } from './secret-forms.ts'

/** A file's text; throws as `readFileSync` does. */
export type ReadFile = (path: string) => string

type Key = {
  readonly key: string
  readonly env: string
  readonly file: string | undefined
  readonly form: Form
}

/** Every secret of the service; environment before file. `keys` are texts, the one in use first. */
export type Secrets = {
  readonly privateKey: string
  readonly clientSecret: string
  readonly webhookSecret: string
  readonly webhookSecretOld?: string
  readonly databaseUrl?: string
  readonly signing: readonly string[]
  readonly mac: readonly string[]
  readonly clouds: CloudSecrets
}

/** Where the file says that secrets lie; read from the raw value, so that faults elsewhere hide none here. */
type SecretPlaces = {
  readonly privateKey?: string | undefined
  readonly clientSecret?: string | undefined
  readonly webhookSecret?: string | undefined
  readonly webhookSecretOld?: string | undefined
  readonly databaseUrl?: string | undefined
  readonly databaseUrlFile?: string | undefined
  readonly signing: readonly string[]
  readonly mac: readonly string[]
  readonly clouds: CloudSecrets
}

/** Places from the raw value of the file; what is not text there is the schema's to report. */
export function secretPlaces(value: Readonly<Record<string, unknown>>): SecretPlaces {
  const at = (...path: readonly string[]): unknown =>
    path.reduce<unknown>(
      (inner, key) =>
        typeof inner === 'object' && inner !== null
          ? (inner as Readonly<Record<string, unknown>>)[key]
          : undefined,
      value,
    )
  const text = (...path: readonly string[]) => {
    const found = at(...path)
    return typeof found === 'string' && found !== '' ? found : undefined
  }
  const files = (key: string, standard: string): readonly string[] => {
    const found = at('keys', key)
    const state = typeof value.stateDir === 'string' ? value.stateDir : '/var/lib/gitsudo'
    return Array.isArray(found)
      ? found.filter((entry) => typeof entry === 'string')
      : [`${state}/keys/${standard}`]
  }
  return {
    privateKey: text('github', 'private_key_file'),
    clientSecret: text('github', 'client_secret_file'),
    webhookSecret: text('github', 'webhook_secret_file'),
    webhookSecretOld: text('github', 'webhook_secret_old_file'),
    databaseUrl: text('database', 'url'),
    databaseUrlFile: text('database', 'url_file'),
    signing: files('signing_files', 'signing.pem'),
    mac: files('mac_files', 'mac.key'),
    clouds: Object.fromEntries(
      cloudSecrets.map(({ key }) => [key, text(...`${key}_file`.split('.'))] as const),
    ),
  }
}

/**
 * @param keys `to-make`: signing and MAC keys that are not there yet are no fault (`server init` makes them)
 * Faults name the key and both ways to give the secret; values appear in none of them.
 */
export function readSecrets(
  places: SecretPlaces,
  env: Environment,
  readFile: ReadFile,
  keys: 'present' | 'to-make',
): { readonly secrets: Secrets; readonly faults: readonly ConfigFault[] } {
  const faults: ConfigFault[] = []
  const read = (key: string, path: string, absent: 'fault' | 'fine' = 'fault'): string => {
    try {
      const text = readFile(path)
      if (text.trim() !== '') return text
      faults.push({ key, message: `${path} is empty`, remedy: 'write the secret into it' })
      return ''
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
      if (code === 'ENOENT' && absent === 'fine') return ''
      const message =
        code === 'ENOENT'
          ? `${path} does not exist`
          : code === 'EACCES'
            ? `${path} may not be read by this user`
            : `${path} cannot be read (${code})`
      faults.push({
        key,
        message,
        remedy: key.startsWith('keys.')
          ? 'make it with gitsudo server init, or name the right file'
          : 'put the secret there, or name the right file',
      })
      return ''
    }
  }
  /** `text` as it is; what was not there has its fault already. */
  const formed = (key: string, place: string, text: string, form: Form): string => {
    const wrong = text === '' ? undefined : form(text)
    if (wrong !== undefined) faults.push({ key, message: `${place} ${wrong.message}`, remedy: wrong.remedy })
    return text
  }
  const optional = ({ key, env: name, file: path, form }: Key): string | undefined => {
    const value = env[name]
    if (value !== undefined && value !== '') return formed(`${key}_file`, name, value, form)
    if (path === undefined) return undefined
    return formed(`${key}_file`, path, read(`${key}_file`, path).trim(), form)
  }
  const needed = (secret: Key): string => {
    const value = optional(secret)
    if (value === undefined)
      faults.push({
        key: `${secret.key}_file`,
        message: 'is missing',
        remedy: `name a file that holds the secret, or set ${secret.env}`,
      })
    return value ?? ''
  }
  const several = (key: string, name: string, paths: readonly string[], form: Form): readonly string[] => {
    const value = env[name]
    if (value !== undefined && value !== '') return [formed(key, name, value, form)]
    return paths
      .map((path) => formed(key, path, read(key, path, keys === 'to-make' ? 'fine' : 'fault'), form))
      .filter((text) => text !== '')
  }

  const old = optional({
    key: 'github.webhook_secret_old',
    env: 'GITSUDO_WEBHOOK_SECRET_OLD',
    file: places.webhookSecretOld,
    form: longEnough,
  })
  const databaseUrl =
    env.GITSUDO_DATABASE_URL ||
    env.DATABASE_URL ||
    places.databaseUrl ||
    (places.databaseUrlFile && read('database.url_file', places.databaseUrlFile).trim())
  return {
    secrets: {
      privateKey: needed({
        key: 'github.private_key',
        env: 'GITSUDO_GITHUB_PRIVATE_KEY',
        file: places.privateKey,
        form: rsa,
      }),
      clientSecret: needed({
        key: 'github.client_secret',
        env: 'GITSUDO_GITHUB_CLIENT_SECRET',
        file: places.clientSecret,
        form: longEnough,
      }),
      webhookSecret: needed({
        key: 'github.webhook_secret',
        env: 'GITSUDO_WEBHOOK_SECRET',
        file: places.webhookSecret,
        form: longEnough,
      }),
      ...(old === undefined ? {} : { webhookSecretOld: old }),
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
      signing: several('keys.signing_files', 'GITSUDO_SIGNING_KEY', places.signing, ed25519),
      mac: several('keys.mac_files', 'GITSUDO_MAC_KEY', places.mac, hmacKey),
      clouds: Object.fromEntries(
        cloudSecrets.flatMap(({ key, env: name }) => {
          const value = optional({ key, env: name, file: places.clouds[key], form: longEnough })
          return value === undefined ? [] : [[key, value]]
        }),
      ),
    },
    faults,
  }
}
