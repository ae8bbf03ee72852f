import { z } from 'zod'
import { about } from './about.ts'
import { providersSchema } from './providers.ts'
import { parseSpan } from './span.ts'

const id = z.int().positive()
const span = (least: number, most: string) =>
  z.string().refine(
    (text) => {
      const ms = parseSpan(text)
      return ms !== undefined && ms >= least && ms <= (parseSpan(most) ?? 0)
    },
    `must be a span from ${least / 1000}s to ${most}, written like 7d, 1h30m or 45s`,
  )
const file = z.string().min(1)

const repository = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/, 'must be owner/name')
    .meta(about('Owner and name of an access repository.', 'acme/access')),
  id: id.meta(about('Its numeric id; a repository of the same name with another id is refused.', '123456')),
  branch: z.string().min(1).default('main').meta(about('The one branch whose merges grant.', 'main')),
  firstAcceptedCommit: z
    .string()
    .regex(/^[0-9a-f]{40}$/, 'must be a full commit id: 40 lower-case hex digits')
    .meta(
      about('The commit whose `policies/` are in force first.', '1f0c…: the output of `git rev-parse main`'),
    ),
  providers: z
    .array(z.enum(['aws', 'azure', 'gcp', 'kubernetes', 'mock']))
    .min(1)
    .meta(about('The providers that its requests may name.', '[mock]')),
  scopes: z
    .array(z.string().min(1))
    .min(1)
    .meta(about('The scopes that its requests may name, exactly; `*` stands for any.', '["123456789012"]')),
  policyOwners: z
    .strictObject({
      ids: z
        .array(id)
        .min(1)
        .meta(about('Numeric ids of those who may accept a change of `policies/`.', '[583231]')),
      count: z.int().positive().default(1).meta(about('How many of them must approve.', '2')),
    })
    .meta(about('Who accepts a change of `policies/`.', '{ids: [583231], count: 1}')),
  merge: z
    .enum(['auto', 'manual'])
    .default('manual')
    .meta(
      about(
        '`auto`: gitsudo merges once the check passes, through the merge queue where the branch has one.',
        'manual',
      ),
    ),
  reviewerPermission: z
    .enum(['write', 'maintain', 'admin'])
    .default('write')
    .meta(about('The least permission that a reviewer needs.', 'write')),
})

/** The file as it is written; every key with its meaning. Secrets are not in it (secrets.ts). */
export const fileSchema = z.strictObject({
  instance: z
    .string()
    .regex(/^[a-z0-9.-]{1,40}$/, 'must be 1 to 40 of a-z, 0-9, dot and hyphen')
    .meta(
      about(
        "This installation's name: the ledger's origin, and the mark on everything in a cloud. Never changed later: nothing starts with a database that belongs to another.",
        'acme.example',
        { env: 'GITSUDO_INSTANCE' },
      ),
    ),
  stateDir: z
    .string()
    .startsWith('/', 'must be an absolute path')
    .default('/var/lib/gitsudo')
    .meta(
      about(
        'Where mirrors, the keys that `server init` makes, and an embedded database lie.',
        '/var/lib/gitsudo',
        { env: 'GITSUDO_STATE_DIR' },
      ),
    ),
  repositories: z
    .array(repository)
    .min(1)
    .meta(about('The access repositories; no other is ever served.', '- {name: acme/access, id: 123456, …}')),
  anchorRepository: z
    .strictObject({
      name: z
        .string()
        .regex(/^[A-Za-z0-9-]+\/[A-Za-z0-9._-]+$/, 'must be owner/name')
        .meta(about('Owner and name of the repository that holds the anchors.', 'acme/ledger')),
      id: id.meta(
        about('Its numeric id; a repository of the same name with another id is refused.', '123457'),
      ),
    })
    .optional()
    .meta(
      about(
        'Where the App commits checkpoints of the ledger, to the branch `gitsudo-ledger`: a repository with at least one commit in which the App has contents: write, an access repository or not. Without it the ledger is not anchored.',
        '{name: acme/ledger, id: 123457}',
      ),
    ),
  administrators: z
    .array(id)
    .default([])
    .meta(
      about('Numeric ids of those who may revoke anything and read the whole ledger.', '[583231]', {
        env: 'GITSUDO_ADMINISTRATORS',
      }),
    ),
  auditors: z
    .array(id)
    .default([])
    .meta(
      about('Numeric ids of those who may read the whole ledger.', '[583231]', { env: 'GITSUDO_AUDITORS' }),
    ),
  pendingTtl: span(60_000, '90d')
    .default('7d')
    .meta(about('How long a request may stay open before it lapses.', '7d', { env: 'GITSUDO_PENDING_TTL' })),
  grantWindow: span(60_000, '7d')
    .default('1h')
    .meta(
      about('The longest time from a merge to its verdict; later means refused.', '1h', {
        env: 'GITSUDO_GRANT_WINDOW',
      }),
    ),
  server: z
    .strictObject({
      http_addr: z
        .string()
        .regex(/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):\d{1,5}$/, 'must be host:port')
        .default('127.0.0.1:8080')
        .meta(
          about('Where the API, webhooks, health and metrics listen.', '127.0.0.1:8080', {
            env: 'GITSUDO_HTTP_ADDR',
          }),
        ),
      insecure: z
        .boolean()
        .default(false)
        .meta(
          about('Allows an address other than loopback, for use behind a proxy that ends TLS.', 'true', {
            env: 'GITSUDO_INSECURE',
          }),
        ),
    })
    .prefault({})
    .meta(about('The HTTP server.', '{http_addr: "127.0.0.1:8080"}')),
  database: z
    .strictObject({
      url: z
        .string()
        .optional()
        .meta(
          about(
            'PostgreSQL address for the role `gitsudo_app`. With a password only from the environment or `url_file`. `DATABASE_URL` is read too. A pooler between must keep sessions (PgBouncer: `pool_mode = session`).',
            'postgres://gitsudo_app@db.internal/gitsudo?sslmode=verify-full',
            { env: 'GITSUDO_DATABASE_URL' },
          ),
        ),
      url_file: file.optional().meta(
        about('A file that holds the address.', '/run/secrets/database-url', {
          env: 'GITSUDO_DATABASE_URL_FILE',
        }),
      ),
      embedded: z
        .boolean()
        .default(false)
        .meta(
          about('Runs a PostgreSQL of its own below `stateDir`, for trials and small installs.', 'true', {
            env: 'GITSUDO_DATABASE_EMBEDDED',
          }),
        ),
    })
    .prefault({})
    .meta(about('PostgreSQL 15 or later.', '{url_file: /run/secrets/database-url}')),
  github: z
    .strictObject({
      base_url: z
        .url({ protocol: /^https?$/, error: 'must be an http(s) address' })
        .default('https://api.github.com')
        .meta(
          about(
            "The REST API's address; for an Enterprise Server `https://HOST/api/v3`.",
            'https://api.github.com',
            { env: 'GITSUDO_GITHUB_BASE_URL' },
          ),
        ),
      git_url: z
        .url({ protocol: /^https?$/, error: 'must be an http(s) address' })
        .optional()
        .meta(
          about(
            'Where repositories are fetched from, when it is not the host that `base_url` implies.',
            'https://github.com',
            { env: 'GITSUDO_GITHUB_GIT_URL', shown: '`https://github.com`, or the Enterprise Server' },
          ),
        ),
      app_id: id.meta(about('The numeric id of the GitHub App.', '314159', { env: 'GITSUDO_GITHUB_APP_ID' })),
      client_id: z
        .string()
        .min(1)
        .meta(
          about(
            "The App's client id, to check callers' tokens and to let people sign in; no secret.",
            'Iv23li…',
            {
              env: 'GITSUDO_GITHUB_CLIENT_ID',
            },
          ),
        ),
      private_key_file: file.optional().meta(
        about("The App's private key: RSA, PEM.", '/run/secrets/app.pem', {
          env: 'GITSUDO_GITHUB_PRIVATE_KEY_FILE',
        }),
      ),
      client_secret_file: file.optional().meta(
        about("The App's client secret.", '/run/secrets/client-secret', {
          env: 'GITSUDO_GITHUB_CLIENT_SECRET_FILE',
        }),
      ),
      webhook_secret_file: file.optional().meta(
        about("The App's webhook secret: 16 characters at least.", '/run/secrets/webhook-secret', {
          env: 'GITSUDO_WEBHOOK_SECRET_FILE',
        }),
      ),
      webhook_secret_old_file: file
        .optional()
        .meta(
          about(
            'The webhook secret before this one, while it is rotated.',
            '/run/secrets/webhook-secret-old',
            { env: 'GITSUDO_WEBHOOK_SECRET_OLD_FILE' },
          ),
        ),
    })
    .meta(
      about(
        'The GitHub App.',
        '{app_id: 314159, client_id: Iv23li…, private_key_file: /run/secrets/app.pem, …}',
      ),
    ),
  keys: z
    .strictObject({
      signing_files: z
        .array(file)
        .min(1)
        .optional()
        .meta(
          about(
            'Ed25519 keys that sign intents and checkpoints, PEM; the first one signs, all verify.',
            '[/run/secrets/signing.pem]',
            { env: 'GITSUDO_SIGNING_KEY_FILES', shown: '`[<stateDir>/keys/signing.pem]`' },
          ),
        ),
      mac_files: z
        .array(file)
        .min(1)
        .optional()
        .meta(
          about(
            'Keys of the HMACs over stored rows, base64 of at least 32 bytes; the first one is used, all verify.',
            '[/run/secrets/mac.key]',
            { env: 'GITSUDO_MAC_KEY_FILES', shown: '`[<stateDir>/keys/mac.key]`' },
          ),
        ),
    })
    .prefault({})
    .meta(
      about(
        'Keys that live outside the database; `server init` makes them.',
        '{signing_files: [/run/secrets/signing.pem]}',
      ),
    ),
  ledger: z
    .strictObject({
      witness_files: z
        .array(file)
        .default([])
        .meta(
          about(
            'Files to which each checkpoint is appended, an empty line after it: best on storage that only appends.',
            '[/mnt/worm/gitsudo-checkpoints]',
            { env: 'GITSUDO_LEDGER_WITNESS_FILES' },
          ),
        ),
      witness_command: z
        .array(z.string())
        .min(1)
        .optional()
        .meta(
          about(
            'A program, by its absolute path, and its arguments: run without a shell for each checkpoint, which it reads from its standard input; it has 10 s.',
            '[/usr/local/bin/keep-checkpoint, --to, worm]',
          ),
        ),
    })
    .prefault({})
    .meta(about('Who else holds checkpoints of the ledger.', '{witness_files: [/mnt/worm/checkpoints]}')),
  providers: providersSchema,
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .meta(about('The least level that is written.', 'info', { env: 'GITSUDO_LOG_LEVEL' })),
    })
    .prefault({})
    .meta(about('Log lines, JSON on standard output.', '{level: info}')),
})

/** The file's content once it is in shape and defaults are filled in. */
export type ConfigFile = z.output<typeof fileSchema>
