import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inTurn } from '../../app/reconcile/in-turn.ts'
import { requestId } from '../../app/request/id.ts'
import { type Clone, openClone } from '../../app/sandbox/clone.ts'
import { requestFile } from '../../app/sandbox/demo/stage.ts'
import type { Person } from '../../app/sandbox/person.ts'
import { mustRun, type Ran, run } from '../../app/sandbox/run.ts'
import type { Entry } from '../../app/sandbox/service.ts'
import { until } from '../../app/sandbox/until.ts'
import { createWorld, type Login, type World } from '../../app/sandbox/world.ts'
import { startEmbedded } from '../../app/store/embedded.ts'
import { withClient } from './client.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

export type Asked = {
  readonly number: number
  readonly head: string
  /** Of the first file. */
  readonly id: string
  readonly path: string
  readonly branch: string
}

export type Event = {
  readonly type: string
  readonly at: string
  readonly actor: { readonly kind: string; readonly id: string; readonly login?: string }
  readonly data: Readonly<Record<string, unknown>>
}

/** A world of its own for one test file, over a PostgreSQL of its own: the service's roles belong to a cluster. */
export const openTestWorld = async (options: {
  readonly merge: 'auto' | 'manual'
  readonly settings?: Readonly<Record<string, unknown>>
  readonly others?: readonly string[]
  readonly scopes?: readonly string[]
  /** The folder whose `policies/` the access repositories get, in place of the shipped ones. */
  readonly template?: string
  /** Besides, or instead of, what the service gets. */
  readonly env?: Readonly<Record<string, string>>
}) => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsudo-service-'))
  const clockFile = join(dir, 'clock')
  const stopFile = join(dir, 'stops')
  let ahead = 0
  const keepClock = () => writeFile(clockFile, String(ahead))
  await keepClock()
  await writeFile(stopFile, '[]')
  const state = join(dir, 'postgres')
  const postgres = await startEmbedded(state, { throwaway: true })
  const entry: Entry = { command: process.execPath, args: [join(root, 'test', 'main.ts')] }
  const env = { GITSUDO_TEST_CLOCK_FILE: clockFile, GITSUDO_TEST_STOPS: stopFile, ...options.env }
  const clock = { now: () => Date.now() + ahead }
  const world: World = await createWorld({
    dir: join(dir, 'world'),
    template: root,
    entry,
    adminUrl: postgres.superuserUrl,
    clock,
    rateLimits: false,
    ...options,
    env,
  })
  /** Moves everybody's clock. */
  const advance = (ms: number): Promise<void> => {
    ahead += ms
    return keepClock()
  }
  const { fullName, id: repository } = world.repository
  const people = world.people
  const query = async <T>(text: string, values: readonly unknown[] = []): Promise<readonly T[]> =>
    withClient(world.superuserUrl, async (client) => (await client.query(text, [...values])).rows as T[])

  // A person has one clone, so one push at a time.
  const turn = inTurn()
  const push: Person['push'] = (branch, message, files) =>
    turn(() => people.alice.push(branch, message, files))

  let clones = 0
  /** A fresh clone of somebody's; its `commit` has a message of its own, and may be empty. */
  const clone = async (who: Login, from = 'main', of = fullName): Promise<Clone> => {
    const url = `${world.github.url}/${of}.git`
    const made = await openClone(people[who], url, join(dir, `clone-${++clones}`), from)
    return {
      ...made,
      commit: (files, ...args) => made.commit(files, '--allow-empty', '--message', 'More', ...args),
    }
  }
  /** Pushes one more commit to a branch, main too, from a fresh clone; without files an empty one. */
  const commit = async (who: Login, branch: string, files: Readonly<Record<string, string>>) => {
    const made = await clone(who, branch)
    const head = await made.commit(files)
    await made.git('push', '--quiet', 'origin', branch)
    return head
  }

  const ask = async (
    slug: string,
    spec: Spec = {},
    others: Readonly<Record<string, string>> = {},
  ): Promise<Asked> => {
    const path = pathOf(slug)
    const branch = `ask/${slug}`
    await push(branch, `Ask for ${slug}`, { [path]: textOf(spec), ...others })
    const pull = await people.alice.openPull(branch, `Access: ${slug}`)
    return { ...pull, path, branch, id: requestId(repository, pull.number, path) }
  }

  const api = async <T>(method: string, path: string, body?: unknown, who: Login = 'erin'): Promise<T> => {
    const answer = await people[who].api(method, `/repos/${fullName}${path}`, body)
    if (answer.status >= 400)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
    return answer.body as T
  }

  type Check = { readonly conclusion: string | null; readonly output: { readonly summary: string | null } }
  const checks = async (head: string) =>
    (await api<{ check_runs: readonly Check[] }>('GET', `/commits/${head}/check-runs`)).check_runs

  return {
    ...world,
    entry,
    dir,
    query,
    clock,
    stopFile,
    push,
    clone,
    commit,
    ask,
    api,
    checks,
    /** Takes the world away, this replica first, once this process ends, however it ends. */
    endWithProcess(replica: number | undefined): void {
      const shell = spawn('sh', ['-c', takeAway, String(replica ?? ''), postgres.home, dir], {
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
      })
      shell.unref()
      // Open as long as this process lives.
      if (shell.stdin instanceof Socket) shell.stdin.unref()
    },
    /** The database server, stopped and started again where it was. */
    async stopDatabase(): Promise<void> {
      await postgres.stop()
    },
    async startDatabase(): Promise<void> {
      const port = Number(new URL(postgres.superuserUrl).port)
      await startEmbedded(state, { throwaway: true, port })
    },
    advance,
    /** Moves everybody's clock, and sweeps: what has long been due is the sweeper's. */
    async jump(ms: number): Promise<void> {
      await advance(ms)
      await mustRun(entry.command, [...entry.args, 'sweep', '--once', '--config', world.service.config], {
        env: world.service.env,
      })
    },
    gitsudo: (who: Login, ...args: readonly string[]): Promise<Ran> =>
      run(entry.command, [...entry.args, ...args], {
        env: {
          ...world.service.env,
          GITSUDO_SERVER: world.service.url,
          GITSUDO_TOKEN: people[who].token,
          NO_COLOR: '1',
        },
      }),
    verifyLedger: (): Promise<Ran> =>
      run(entry.command, [...entry.args, 'audit', 'verify', '--offline'], {
        env: { ...world.service.env, GITSUDO_DATABASE_URL: world.databaseUrl, NO_COLOR: '1' },
      }),
    /** Waits until gitsudo's check on a commit says this, and answers its summary. */
    checked: (head: string, conclusion: string, mention = ''): Promise<string> =>
      until(
        `the check on ${head.slice(0, 10)} to be ${conclusion}${mention && `, with ${mention}`}`,
        async () => {
          const run = (await checks(head)).find((one) => one.conclusion === conclusion)
          return run !== undefined && says(run.output.summary, mention) && (run.output.summary ?? '')
        },
      ),
    comments: (pull: number) =>
      api<
        readonly { readonly id: number; readonly body: string; readonly user: { readonly type: string } }[]
      >('GET', `/issues/${pull}/comments`).then((all) => all.filter(({ user }) => user.type === 'Bot')),
    /** Waits for a request, or its grant where there is one, to reach a state. */
    reached: (id: string, state: string, limitMs = 90_000): Promise<true> =>
      until(`${id} to be ${state}`, async () => (await standing(query, id)) === state, limitMs).catch(
        async (error: unknown) => {
          throw new Error(`${id} is ${await standing(query, id)}, not ${state}`, { cause: error })
        },
      ),
    /** Waits until nothing is left to be sealed. */
    allSealed: (): Promise<true> =>
      until(
        'every staged event to be sealed',
        async () => (await query('select id from ledger_staged where not refused')).length === 0,
      ),
    /** Sealed events of a request, in order. */
    events: async (id: string): Promise<readonly Event[]> =>
      (
        await query<{ body: Buffer }>(
          'select body from audit_events where request_id = $1 or grant_id = $1 order by seq',
          [id],
        )
      ).map(({ body }) => JSON.parse(body.toString('utf8')) as Event),
    bindings: async (): Promise<readonly string[]> =>
      (await query<{ grant_id: string }>('select grant_id from mock_bindings')).map((row) => row.grant_id),
    async close(): Promise<void> {
      await world.close()
      await postgres.stop()
      await rm(postgres.home, { recursive: true, force: true })
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** The runner may end a process without leaving it any time: what outlives it waits for its end of a pipe to close. */
const takeAway = `
cat
kill -9 "$0"
server=$(head -n 1 "$1/data/postmaster.pid")
kill -QUIT "$server"
while kill -0 "$server"; do sleep 0.1; done
rm -rf "$1" "$2"`

export type TestWorld = Awaited<ReturnType<typeof openTestWorld>>

/** Whether Markdown of ours says this, its escapes aside. */
export const says = (markdown: string | null | undefined, mention: string): boolean =>
  markdown?.includes(mention) === true || markdown?.replace(/\\(?=[!-~])|`/g, '').includes(mention) === true

type Spec = Readonly<Record<string, string>>

/** What needs nobody's approval (low-risk.rego), unless told otherwise. */
export const textOf = (spec: Spec = {}): string =>
  requestFile({
    requester: 'alice',
    provider: 'mock',
    role: 'prod-read-only',
    scope: '"123456789012"',
    duration: '30m',
    reason: 'INC-4421 look at the checkout errors',
    ...spec,
  })

export const pathOf = (slug: string): string => `requests/2026/12/${slug}.yaml`

/** Needs an owner and one more approver (owners.rego, two-person.rego). */
export const admin: Spec = { role: 'prod-infra-admin', duration: '1h' }

const standing = async (
  query: <T>(text: string, values: readonly unknown[]) => Promise<readonly T[]>,
  id: string,
) =>
  (
    await query<{ state: string }>(
      `select coalesce(g.state, r.state) as state from requests r left join grants g using (id) where id = $1`,
      [id],
    )
  )[0]?.state
