import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { Failure } from '../cli/failure.ts'
import type { Config } from '../config.ts'
import { installQueues } from '../queue/install.ts'
import { initialise } from '../store/initialise.ts'
import { openServed } from './database.ts'
import { makeKeys, signersOf } from './keys.ts'
import { fixOrigin } from './origin.ts'

/**
 * `gitsudo server init`: keys that do not exist yet, roles, migrations, and the instance's name, which never
 * changes afterwards. Safe to repeat. Answers what it did, a line each.
 */
export const initialiseService = async (config: Config): Promise<readonly string[]> => {
  const made = makeKeys(config.keys.files)
  const database = await openServed(config)
  try {
    const { adminUrl } = database
    if (adminUrl === undefined) {
      throw new Failure(
        'usage',
        'GITSUDO_OWNER_DATABASE_URL is missing.',
        'name a role that may create roles, or gitsudo_owner',
      )
    }
    const app = new URL(database.url)
    const own = new URL(adminUrl).username === 'gitsudo_owner'
    const named = !own && app.username === 'gitsudo_app' && app.password !== ''
    const owner = own ? undefined : await ownerPassword(adminUrl)
    await initialise({
      adminUrl,
      passwords: {
        ...(named ? { app: decodeURIComponent(app.password) } : {}),
        ...(owner === undefined ? {} : { owner }),
      },
      install: async (execute) => {
        await installQueues(execute)
        await fixOrigin(execute, config.instance)
      },
    })
  } finally {
    await database.stop()
  }
  const published = signersOf(config.instance, keyTexts(config.keys)).map(
    ({ key }) => `the ledger's public key, to be published: ${key.text}`,
  )
  return [...made.map((file) => `made ${file}`), 'roles and tables are up to date', ...published.slice(0, 1)]
}

/** What was just made is not in the configuration that was read before. */
const keyTexts = ({ signing, files }: Config['keys']): readonly string[] =>
  signing.length > 0 ? signing : files.signing.slice(0, 1).map((file) => readFileSync(file, 'utf8'))

/** A missing owner gets a password nobody knows; `alter role gitsudo_owner password …` gives another. */
const ownerPassword = async (adminUrl: string): Promise<string | undefined> => {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    const { rowCount } = await client.query("select from pg_roles where rolname = 'gitsudo_owner'")
    return rowCount === 0 ? randomBytes(24).toString('hex') : undefined
  } finally {
    await client.end()
  }
}
