import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { sandboxDatabase } from '../app/compose/sandbox.ts'
import { createPerson, type Person } from '../app/sandbox/person.ts'
import { type Service, startService } from '../app/sandbox/service.ts'
import { createWorld, freePort, type World } from '../app/sandbox/world.ts'

export type Bed = {
  readonly world: World
  /** Developers who may ask for `dev-admin`; each asks for little, so that nobody waits for another's lock. */
  readonly requesters: readonly Person[]
  /** Of group `platform`, who own that role. */
  readonly approvers: readonly [Person, Person]
  /** Starts a real replica with a mirror of its own; the first one is where webhooks go. */
  replica(): Promise<Service>
  query(text: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

const root = fileURLToPath(new URL('../', import.meta.url))
/** What the package ships, as its first line starts it: `npm run build` makes it. */
const entry = {
  command: process.execPath,
  args: ['--max-semi-space-size=4', join(root, 'dist', 'main.js')],
}
const firstId = 20_001

/**
 * The demo's world with many people. What limits writes is set aside: the local GitHub enforces no rate limits, and
 * a trigger empties gitsudo's own bucket (80 writes a minute, 500 an hour), which would else be all there is to see.
 */
export const onBed = async (people: number, work: (bed: Bed) => Promise<void>): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsudo-bench-'))
  const undo: (() => Promise<void>)[] = [() => rm(dir, { recursive: true, force: true })]
  try {
    const database = await sandboxDatabase(dir, process.env)
    undo.push(() => database.stop())
    const world = await createWorld({
      dir: join(dir, 'world'),
      template: await templateWith(join(dir, 'template'), people),
      entry,
      adminUrl: database.adminUrl,
      clock: { now: () => Date.now() },
      rateLimits: false,
      settings: { log: { level: 'warn' } },
    })
    undo.push(() => world.close())
    // One connection: making them costs the server more than most of what is asked.
    const client = new pg.Client({ connectionString: world.superuserUrl })
    await client.connect()
    undo.push(() => client.end())
    const query: Bed['query'] = async (text) => (await client.query(text)).rows ?? []
    await query(withoutBudget)
    const { fullName } = world.repository
    const at = { apiUrl: world.github.apiUrl, gitUrl: world.github.url, repository: fullName, dir }
    const requesters = loginsOf(people).map(({ login, id }) => {
      const account = world.github.admin.createUser({ login, id })
      world.github.admin.setPermission(fullName, login, 'write')
      return createPerson(account, at)
    })
    let replicas = 0
    await work({
      world,
      requesters,
      approvers: [world.people.alice, world.people.carol],
      query,
      async replica() {
        const first = replicas++ === 0
        const address = `127.0.0.1:${await freePort()}`
        const keys = join(dir, 'world', 'state', 'keys')
        const service = await startService(entry, {
          config: world.service.config,
          url: first ? world.service.url : `http://${address}`,
          log: join(dir, `replica-${replicas}.log`),
          env: first
            ? world.service.env
            : {
                ...world.service.env,
                GITSUDO_HTTP_ADDR: address,
                GITSUDO_STATE_DIR: join(dir, `state-${replicas}`),
                GITSUDO_SIGNING_KEY_FILES: join(keys, 'signing.pem'),
                GITSUDO_MAC_KEY_FILES: join(keys, 'mac.key'),
              },
        })
        undo.push(() => service.stop())
        return service
      },
    })
  } catch (error) {
    // Said at once: what is torn down next may fail too.
    console.error(error)
    process.exitCode = 1
  } finally {
    for (const step of undo.reverse()) await step()
  }
}

const loginsOf = (people: number) =>
  Array.from({ length: people }, (_, n) => ({ login: `dev-${n + 1}`, id: firstId + n }))

/** This repository's policies, with so many developers more. JSON is YAML. */
const templateWith = async (dir: string, people: number): Promise<string> => {
  await cp(join(root, 'policies'), join(dir, 'policies'), { recursive: true })
  const identity = (login: string, id: number, trustTier: number) => [
    login,
    { id, trustTier, emails: [`${login}@example.com`], principals: { mock: [login] } },
  ]
  const developers = loginsOf(people)
  const owners = [identity('alice', 1001, 3), identity('carol', 1003, 4)]
  const data = (name: string, content: unknown) =>
    writeFile(join(dir, 'policies', 'data', name), `${JSON.stringify(content, null, 2)}\n`)
  await data('identities.yaml', {
    apiVersion: 'gitsudo.dev/v1',
    kind: 'Identities',
    identities: Object.fromEntries([...owners, ...developers.map(({ login, id }) => identity(login, id, 2))]),
  })
  await data('groups.yaml', {
    apiVersion: 'gitsudo.dev/v1',
    kind: 'Groups',
    groups: {
      sre: { members: ['alice', 'carol'] },
      developers: { members: developers.map(({ login }) => login) },
      security: { members: ['carol'] },
      'prod-approvers': { members: ['carol'] },
      platform: { members: ['alice', 'carol'] },
    },
  })
  return dir
}

const withoutBudget = `
  create function bench_no_budget() returns trigger language plpgsql as $$ begin new.spent = '{}'; return new; end $$;
  create trigger bench_no_budget before update on github_budget for each row execute function bench_no_budget();`
