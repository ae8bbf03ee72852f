import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../app/config/fault.ts'
import { parseSpan } from '../../app/config/span.ts'
import { type Config, type ConfigOutcome, loadConfig, parseConfig } from '../../app/config.ts'
import { appKey, newMacKey, newSigningKey } from '../support/secrets.ts'

const commit = '0123456789abcdef0123456789abcdef01234567'
const whole = `
instance: acme.example
stateDir: /var/lib/gitsudo
repositories:
  - name: acme/access
    id: 123456
    branch: main
    firstAcceptedCommit: ${commit}
    providers: [mock]
    scopes: ['*']
    policyOwners: {ids: [1, 2], count: 2}
    merge: auto
administrators: [1]
auditors: [2]
pendingTtl: 7d
grantWindow: 1h
server: {http_addr: 127.0.0.1:8080}
database: {url_file: /s/database}
github:
  app_id: 314159
  client_id: Iv23li
  private_key_file: /s/app.pem
  client_secret_file: /s/client
  webhook_secret_file: /s/hook
anchorRepository: {name: acme/ledger, id: 123457}
ledger: {witness_files: [/worm/checkpoints], witness_command: [/bin/keep, --it]}
keys: {signing_files: [/s/new.pem, /s/old.pem], mac_files: [/s/mac]}
providers: {mock: {}}
`
const [signingKey, oldKey, macKey] = [newSigningKey(), newSigningKey(), newMacKey()]
const files: Readonly<Record<string, string>> = {
  '/s/database': 'postgres://gitsudo_app:hunter2@db/gitsudo\n',
  '/s/app.pem': appKey,
  '/s/client': 'the client secret\n',
  '/s/hook': 'the webhook secret\n',
  '/s/new.pem': signingKey,
  '/s/old.pem': oldKey,
  '/s/mac': macKey,
  '/s/empty': '\n',
}
const readFile = (path: string): string => {
  const text = files[path]
  if (text === undefined)
    throw Object.assign(new Error('no such file'), { code: path.startsWith('/closed') ? 'EACCES' : 'ENOENT' })
  return text
}
const parse = (text: string, env: Record<string, string> = {}, keys?: 'to-make') =>
  parseConfig(text, env, readFile, keys)
const good = (outcome: ConfigOutcome): Config => {
  if (!outcome.ok) throw new ConfigError('test', outcome.faults)
  return outcome.config
}
const keysOf = (outcome: ConfigOutcome) => (outcome.ok ? [] : outcome.faults.map((fault) => fault.key))

describe('a whole configuration', () => {
  it('is read with spans in milliseconds and secrets from files', () => {
    expect(good(parse(whole))).toEqual({
      instance: 'acme.example',
      stateDir: '/var/lib/gitsudo',
      repositories: [
        {
          name: 'acme/access',
          id: 123456,
          branch: 'main',
          firstAcceptedCommit: commit,
          providers: ['mock'],
          scopes: ['*'],
          policyOwners: { ids: [1, 2], count: 2 },
          merge: 'auto',
          reviewerPermission: 'write',
        },
      ],
      anchorRepository: { name: 'acme/ledger', id: 123457 },
      witnesses: { files: ['/worm/checkpoints'], command: ['/bin/keep', '--it'] },
      administrators: [1],
      auditors: [2],
      pendingTtlMs: 604_800_000,
      grantWindowMs: 3_600_000,
      server: { host: '127.0.0.1', port: 8080 },
      database: { url: 'postgres://gitsudo_app:hunter2@db/gitsudo' },
      github: {
        baseUrl: 'https://api.github.com',
        gitUrl: 'https://github.com',
        appId: 314159,
        clientId: 'Iv23li',
        clientSecret: 'the client secret',
        privateKey: appKey,
        webhookSecret: 'the webhook secret',
      },
      keys: {
        signing: [signingKey, oldKey],
        mac: [macKey],
        files: { signing: ['/s/new.pem', '/s/old.pem'], mac: ['/s/mac'] },
      },
      providers: { mock: {} },
      logLevel: 'info',
    })
  })

  it('gives way to the environment', () => {
    const config = good(
      parse(whole, {
        GITSUDO_INSTANCE: 'other',
        GITSUDO_HTTP_ADDR: '[::1]:9000',
        GITSUDO_ADMINISTRATORS: '5, 6',
        GITSUDO_DATABASE_URL: 'postgres://x@y/z',
        GITSUDO_OWNER_DATABASE_URL: 'postgres://o@y/z',
        GITSUDO_GITHUB_CLIENT_SECRET: 'a secret from the environment',
        GITSUDO_WEBHOOK_SECRET_OLD: 'the secret before',
        GITSUDO_GITHUB_BASE_URL: 'https://ghe.acme.example/api/v3/',
        GITSUDO_SIGNING_KEY: oldKey,
        GITSUDO_LOG_LEVEL: 'debug',
        GITSUDO_SERVER: 'http://elsewhere',
      }),
    )
    expect(config.instance).toBe('other')
    expect(config.server).toEqual({ host: '::1', port: 9000 })
    expect(config.administrators).toEqual([5, 6])
    expect(config.database).toEqual({ url: 'postgres://x@y/z', ownerUrl: 'postgres://o@y/z' })
    expect(config.github).toMatchObject({
      clientSecret: 'a secret from the environment',
      webhookSecretOld: 'the secret before',
      baseUrl: 'https://ghe.acme.example/api/v3',
      gitUrl: 'https://ghe.acme.example',
    })
    expect(config.keys.signing).toEqual([oldKey])
    expect(config.logLevel).toBe('debug')
  })

  it('allows keys that are yet to be made, for server init', () => {
    const text = whole.replace('keys: {signing_files: [/s/new.pem, /s/old.pem], mac_files: [/s/mac]}\n', '')
    expect(keysOf(parse(text))).toEqual(['keys.signing_files', 'keys.mac_files'])
    expect(good(parse(text, owner, 'to-make')).keys).toEqual({
      signing: [],
      mac: [],
      files: { signing: ['/var/lib/gitsudo/keys/signing.pem'], mac: ['/var/lib/gitsudo/keys/mac.key'] },
    })
  })

  it('takes an embedded database only when told to', () => {
    const text = whole.replace('{url_file: /s/database}', '{embedded: true}')
    expect(good(parse(text)).database).toEqual({})
    expect(keysOf(parse(text, { DATABASE_URL: 'postgres://a@b/c' }))).toEqual(['database.embedded'])
  })
})

const owner = { GITSUDO_OWNER_DATABASE_URL: 'postgres://gitsudo_owner:a%2Fb@db/gitsudo' }

describe('faults', () => {
  const without = (key: string) => whole.replace(new RegExp(`^( *)${key}:.*\\n`, 'm'), '')
  const table: readonly (readonly [
    string,
    string,
    readonly string[],
    (RegExp | undefined)?,
    Record<string, string>?,
  ])[] = [
    ['not YAML', 'a: [', ['file'], /is not YAML: .* at line 1/],
    ['the same key twice', `${whole}\ninstance: again\n`, ['file'], /duplicated mapping key/],
    ['a list', '- a', ['file'], /must hold keys and values/],
    ['nothing', '', ['file']],
    [
      'no instance',
      without('instance'),
      ['instance'],
      /is missing\n.*→ write it like instance: acme\.example/,
    ],
    ['a bad instance', whole.replace('acme.example', 'Acme!'), ['instance'], /a-z, 0-9, dot and hyphen/],
    ['an unknown key', whole.replace('auditors', 'auditor'), ['auditor'], /not a known key\n.*auditors/],
    [
      'an unknown inner key',
      whole.replace('http_addr', 'httpAddr'),
      ['server.httpAddr'],
      /write one of http_addr/,
    ],
    [
      'an unknown key of a repository',
      whole.replace('branch:', 'brunch:'),
      ['repositories[0].brunch'],
      /branch/,
    ],
    ['a later version’s key', `${whole}notifications: {}\n`, ['notifications'], /later version/],
    [
      'a secret in the file',
      whole.replace('client_secret_file: /s/client', 'client_secret: abc'),
      ['github.client_secret', 'github.client_secret_file'],
      /does not belong here/,
    ],
    [
      'a short commit',
      whole.replace(commit, 'abc123'),
      ['repositories[0].firstAcceptedCommit'],
      /40 lower-case hex/,
    ],
    ['a name without owner', whole.replace('acme/access', 'access'), ['repositories[0].name'], /owner\/name/],
    [
      'an id in quotes',
      whole.replace('id: 123456', 'id: "123456"'),
      ['repositories[0].id'],
      /must be of type number/,
    ],
    [
      'a login among administrators',
      whole.replace('administrators: [1]', 'administrators: [alice]'),
      ['administrators[0]'],
      /write it like administrators: \[583231\]/,
    ],
    [
      'too few owners',
      whole.replace('count: 2', 'count: 3'),
      ['repositories[0].policyOwners.count'],
      /asks for 3 of 2 people/,
    ],
    [
      'the same owner twice',
      whole.replace('ids: [1, 2]', 'ids: [1, 1]'),
      ['repositories[0].policyOwners.count'],
      /asks for 2 of 1/,
    ],
    [
      'a provider that is not configured',
      whole.replace('providers: [mock]', 'providers: [mock, aws]'),
      ['repositories[0].providers'],
      /names aws/,
    ],
    [
      'a provider that there is not',
      whole.replace('providers: {mock: {}}', 'providers: {mock: {}, oracle: {}}'),
      ['providers.oracle'],
      /is not a known key/,
    ],
    [
      'a span out of bounds',
      whole.replace('grantWindow: 1h', 'grantWindow: 1s'),
      ['grantWindow'],
      /must be a span from 60s to 7d/,
    ],
    [
      'an odd merge',
      whole.replace('merge: auto', 'merge: always'),
      ['repositories[0].merge'],
      /must be one of auto, manual/,
    ],
    [
      'an open address',
      whole.replace('127.0.0.1:8080', '0.0.0.0:8080'),
      ['server.http_addr'],
      /server\.insecure: true/,
    ],
    ['an address without host', whole.replace('127.0.0.1:8080', '":8080"'), ['server.http_addr']],
    ['a port out of range', whole.replace(':8080', ':80800'), ['server.http_addr'], /port 80800/],
    [
      'GitHub without TLS',
      whole.replace('app_id', 'base_url: http://ghe.example\n  app_id'),
      ['github.base_url'],
      /https/,
    ],
    [
      'a password in the file',
      whole.replace('url_file: /s/database', 'url: "postgres://a:hunter2@b/c"'),
      ['database.url'],
      /carries a password/,
    ],
    ['no database', without('database'), ['database'], /GITSUDO_DATABASE_URL/],
    [
      'another database',
      whole,
      ['database.url'],
      /not a PostgreSQL address/,
      { DATABASE_URL: 'mysql://a@b/c' },
    ],
    [
      'an unknown sslmode',
      whole,
      ['database.url'],
      /sslmode=verify_full/,
      { DATABASE_URL: 'postgres://a@b/c?sslmode=verify_full' },
    ],
    [
      'an address whose password has a bare %',
      whole,
      ['database.url'],
      /%25/,
      { DATABASE_URL: 'postgres://a:100%@b/c' },
    ],
    [
      'a missing secret file',
      whole.replace('/s/hook', '/s/gone'),
      ['github.webhook_secret_file'],
      /\/s\/gone does not exist/,
    ],
    [
      'a closed secret file',
      whole.replace('/s/hook', '/closed/hook'),
      ['github.webhook_secret_file'],
      /may not be read/,
    ],
    [
      'an empty secret file',
      whole.replace('/s/hook', '/s/empty'),
      ['github.webhook_secret_file'],
      /is empty/,
    ],
    ['a missing signing key', whole.replace('/s/old.pem', '/s/gone'), ['keys.signing_files'], /server init/],
    [
      'a variable of the wrong kind',
      whole,
      ['GITSUDO_INSECURE'],
      /is not a boolean/,
      { GITSUDO_INSECURE: 'yes' },
    ],
    [
      'a section that is a number',
      whole.replace('{http_addr: 127.0.0.1:8080}', '8080'),
      ['server'],
      /must be of type object/,
      { GITSUDO_HTTP_ADDR: '127.0.0.1:1' },
    ],
  ]
  for (const [name, text, keys, says = /→/, env = {}] of table)
    it(name, () => {
      const outcome = parse(text, env)
      expect(keysOf(outcome)).toEqual(keys)
      expect(new ConfigError('gitsudo.yaml', outcome.ok ? [] : outcome.faults).message).toMatch(says)
    })

  const malformed = 'is not a PostgreSQL address'
  it.each([
    ['no address', 'localhost', malformed],
    ["another database's", 'mysql://a@b/c', malformed],
    ['a password with a bare /', 'postgres://gitsudo_owner:a/b@db/gitsudo', malformed],
    ['a password with a bare %', 'postgres://gitsudo_owner:100%@db/gitsudo', malformed],
    ['a database with a bare %', 'postgres://gitsudo_owner@db/100%', malformed],
    ['an unknown sslmode', 'postgres://a@b/c?sslmode=on', 'has the unknown sslmode=on'],
    ['nothing', '', 'is not set'],
  ])('an owner that is %s, for server init, beside all others', (_, url, message) => {
    const [env, text] = [{ GITSUDO_OWNER_DATABASE_URL: url }, whole.replace('/s/database', '/s/gone')]
    const outcome = parse(text, env, 'to-make')
    const faults = outcome.ok ? [] : outcome.faults.map((fault) => [fault.key, fault.message])
    expect(faults).toContainEqual(['GITSUDO_OWNER_DATABASE_URL', message])
    expect(faults.map(([key]) => key)).toContain('database.url_file')
    expect(parse(whole, env).ok).toBe(true)
    const embedded = whole.replace('{url_file: /s/database}', '{embedded: true}')
    expect(parse(embedded, env, 'to-make').ok).toBe(true)
  })

  const short = randomBytes(31).toString('base64')
  it.each([
    [
      'a signing key that is no PEM',
      { GITSUDO_SIGNING_KEY: 'hunter2' },
      'keys.signing_files',
      /Ed25519 .*\n.*server init/,
    ],
    [
      'a signing key of another kind',
      { GITSUDO_SIGNING_KEY: appKey },
      'keys.signing_files',
      /GITSUDO_SIGNING_KEY holds/,
    ],
    [
      'an App key that is no PEM',
      { GITSUDO_GITHUB_PRIVATE_KEY: 'hunter2' },
      'github.private_key_file',
      /no RSA private key/,
    ],
    [
      'an App key of another kind',
      { GITSUDO_GITHUB_PRIVATE_KEY: oldKey },
      'github.private_key_file',
      /no RSA private key/,
    ],
    ['a blank MAC key', { GITSUDO_MAC_KEY: ' ' }, 'keys.mac_files', /32 bytes/],
    [
      'a MAC key of no bytes',
      { GITSUDO_MAC_KEY: '???' },
      'keys.mac_files',
      /base64 of at least 32 bytes\n.*openssl rand/,
    ],
    ['a MAC key of 31 bytes', { GITSUDO_MAC_KEY: short }, 'keys.mac_files', /32 bytes/],
    ['a MAC key that is partly base64', { GITSUDO_MAC_KEY: `${macKey}?` }, 'keys.mac_files', /32 bytes/],
    [
      'a short webhook secret',
      { GITSUDO_WEBHOOK_SECRET: 'hunter2' },
      'github.webhook_secret_file',
      /16 characters/,
    ],
    [
      'a short one before it',
      { GITSUDO_WEBHOOK_SECRET_OLD: 'hunter2' },
      'github.webhook_secret_old_file',
      /16 characters/,
    ],
    [
      'a short client secret',
      { GITSUDO_GITHUB_CLIENT_SECRET: 'hunter2' },
      'github.client_secret_file',
      /16 characters/,
    ],
  ])('%s', (_, env, key, says) => {
    const outcome = parse(whole, env)
    expect(keysOf(outcome)).toEqual([key])
    expect(new ConfigError('gitsudo.yaml', outcome.ok ? [] : outcome.faults).message).toMatch(says)
    expect(JSON.stringify(outcome)).not.toMatch(/hunter2|PRIVATE KEY/)
  })

  it('name the file of each wrong secret, and those of keys that server init would make', () => {
    const text = whole
      .replace('/s/old.pem', '/s/mac')
      .replace('mac_files: [/s/mac]', 'mac_files: [/s/mac, /s/client]')
    const found = [
      { key: 'keys.signing_files', message: expect.stringMatching(/^\/s\/mac holds no Ed25519/) },
      { key: 'keys.mac_files', message: expect.stringMatching(/^\/s\/client holds no base64/) },
    ]
    expect(parse(text)).toMatchObject({ ok: false, faults: found })
    expect(parse(text, owner, 'to-make')).toMatchObject({ ok: false, faults: found })
  })

  it('come all at once, whatever section they are in, and never show a secret', () => {
    const text = whole
      .replace('instance: acme.example', 'instance: "!"')
      .replace('  app_id: 314159\n', '')
      .replace('/s/hook', '/s/gone')
      .replace('127.0.0.1:8080', '0.0.0.0:8080')
      .replace('count: 2', 'count: 3')
      .replace('url_file: /s/database', 'url: "postgres://a:hunter2@b/c"')
    const outcome = parse(text, { GITSUDO_INSECURE: 'yes' })
    expect(keysOf(outcome).toSorted()).toEqual([
      'GITSUDO_INSECURE',
      'database.url',
      'github.app_id',
      'github.webhook_secret_file',
      'instance',
      'repositories[0].policyOwners.count',
      'server.http_addr',
    ])
    expect(JSON.stringify(outcome)).not.toContain('hunter2')
  })

  it('say which file could not be read', () => {
    expect(() => loadConfig(undefined, { GITSUDO_CONFIG: '/nowhere/gitsudo.yaml' })).toThrow(
      /^\/nowhere\/gitsudo\.yaml: 1 fault\n {2}file: does not exist\n {4}→ name the file with --config/,
    )
  })
})

it.each([
  ['7d', 604_800_000],
  ['1h30m', 5_400_000],
  ['45s', 45_000],
  ['', undefined],
  ['1.5h', undefined],
  ['30m1h', undefined],
  ['7 d', undefined],
])('span %j', (text, ms) => {
  expect(parseSpan(text)).toBe(ms)
})
