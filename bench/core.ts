import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { keysOf } from '../app/compose/keys.ts'
import { sandboxDatabase } from '../app/compose/sandbox.ts'
import type { Intent } from '../app/grant/intent.ts'
import { boundCalls } from '../app/provider/calls.ts'
import { limitCalls } from '../app/provider/limits.ts'
import type { Provider } from '../app/provider/port.ts'
import { installQueues } from '../app/queue/install.ts'
import { createQueue } from '../app/queue/queue.ts'
import { openGrant } from '../app/reconcile/grant/open.ts'
import { createGrantReconciler } from '../app/reconcile/grant.ts'
import type { Log } from '../app/reconcile/ports/log.ts'
import { createSweep } from '../app/reconcile/sweep.ts'
import { runTimer } from '../app/reconcile/timer.ts'
import { requestId } from '../app/request/id.ts'
import { sql, withDatabase, withUser } from '../app/sandbox/postgres.ts'
import { until } from '../app/sandbox/until.ts'
import { type Database, executeWithin, openDatabase } from '../app/store/database.ts'
import { initialise } from '../app/store/initialise.ts'
import { createLedger } from '../app/store/ledger/ledger.ts'
import { statementName } from '../app/store/prepared.ts'
import { createStore } from '../app/store/store.ts'

export const origin = 'bench.local'

/** Less than the 5 minutes between two looks at an active grant, so that the next look is the end. */
const lifeMs = 280_000
const chunk = 500

/** Slow while grants are made, so that it is long before their end; then set to 2 s before it, at its true pace. */
export const createBenchClock = () => {
  let time = { at: Date.now(), since: Date.now(), pace: 0.5 }
  return {
    now: () => Math.floor(time.at + (Date.now() - time.since) * time.pace),
    trueFrom(at: number): void {
      time = { at, since: Date.now(), pace: 1 }
    },
  }
}
type BenchClock = ReturnType<typeof createBenchClock>

/** What gives and takes away, of one process: reconciler, queue, timer, sweep, ledger and store, all real. */
export type Core = {
  counted(query: string): Promise<number>
  /** Opens them by the function that opens them at a merge, signed and sealed. @returns ms until all are active */
  make(intents: readonly Intent[]): Promise<number>
  /** Lets their ends come, from `leadMs` before the first on. @returns of each how late it was gone, and when the last was after the first end, ms */
  end(endsAt: number, leadMs?: number): Promise<{ readonly late: readonly number[]; readonly tookMs: number }>
  /** Events that the ledger holds, once nothing waits for its seal, and the grants that expired by it. */
  sealed(): Promise<{ readonly events: number; readonly expired: number }>
}

const say = (level: string) => (message: string, fields?: unknown) =>
  console.error(level, message, fields ?? '')
const quiet = () => undefined
const log: Log = { info: quiet, warn: quiet, error: say('error'), alert: say('alert') }

/** On a PostgreSQL database of its own. `providerOf`: the cloud, before its limits. */
export const onCore = async (
  clock: BenchClock,
  providerOf: (database: Database) => Provider,
  work: (core: Core) => Promise<void>,
): Promise<void> => {
  const dir = await mkdtemp(join(tmpdir(), 'gitsudo-bench-'))
  const served = await sandboxDatabase(dir, process.env)
  const name = `gitsudo_${randomBytes(4).toString('hex')}`
  await sql(served.adminUrl, `create database ${name}`)
  try {
    await onDatabase(withDatabase(served.adminUrl, name), clock, providerOf, work)
  } catch (error) {
    console.error(error)
    process.exitCode = 1
  } finally {
    await sql(served.adminUrl, `drop database ${name} with (force)`)
    await served.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

const onDatabase = async (
  adminUrl: string,
  clock: BenchClock,
  providerOf: (database: Database) => Provider,
  work: (core: Core) => Promise<void>,
): Promise<void> => {
  const app = randomBytes(18).toString('hex')
  await initialise({
    adminUrl,
    passwords: { app, owner: randomBytes(18).toString('hex') },
    install: async (execute) => {
      await installQueues(execute)
      await execute('insert into ledger_origin (origin) values ($1)', [origin])
    },
  })
  const databaseUrl = withUser(adminUrl, 'gitsudo_app', app)
  const database = await openDatabase(databaseUrl)
  const keys = keysOf({
    signing: [generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    mac: [randomBytes(32).toString('base64')],
  })
  const queue = await createQueue({ databaseUrl, execute: executeWithin, nameOf: statementName, log })
  const ledger = createLedger({ database, keys, clock, log, origin })
  const store = createStore({ database, queue, keys })
  const cloud = providerOf(database)
  const providers = new Map([[cloud.name, boundCalls(limitCalls(cloud), { clock, log })]])
  const deps = { clock, log, keys, queue, ledger, store, providers, settings: { grantWindowMs: 3_600_000 } }
  const stopping = new AbortController()
  let timer = Promise.resolve()
  const counted = async (query: string) => Number((await sql(adminUrl, query))[0]?.n)
  const inState = (state: string) => counted(`select count(*)::int as n from grants where state = '${state}'`)
  try {
    await work({
      counted,
      async make(intents) {
        const reconciler = createGrantReconciler(deps)
        const began = performance.now()
        for (let from = 0; from < intents.length; from += chunk) {
          const staged = await store.transaction(async (tx) => {
            const ids: string[] = []
            for (const intent of intents.slice(from, from + chunk))
              ids.push(await openGrant(tx, deps, intent, { metadata: {}, now: clock.now() }))
            return ids
          })
          await ledger.sealed(staged, clock.now() + 60_000)
        }
        await queue.work('grant', (key, signal) => reconciler.look(key, signal))
        // What a cloud throttled, or could not take in time, is looked at again.
        timer = runTimer({ ...deps, sleep: (ms) => pause(ms) }, stopping.signal)
        await until('all to be active', async () => (await inState('active')) === intents.length, 1_200_000)
        return performance.now() - began
      },
      async end(endsAt, leadMs = 2000) {
        const all = await counted('select count(*)::int as n from grants')
        clock.trueFrom(endsAt - leadMs)
        const sweep = createSweep(deps)
        const swept = () => void sweep().catch(log.error.bind(log, 'sweep failed'))
        // Of looks that the clock has leapt over.
        swept()
        const net = setInterval(swept, 30_000)
        await until('all to be gone', async () => (await inState('ended')) === all, 600_000).finally(() =>
          clearInterval(net),
        )
        const rows = await sql(adminUrl, 'select ends_at, ended_at from grants')
        return {
          late: rows.map(({ ends_at, ended_at }) => Number(ended_at) - Number(ends_at)),
          tookMs: Math.max(...rows.map((row) => Number(row.ended_at))) - endsAt,
        }
      },
      async sealed() {
        const staged = () => counted('select count(*)::int as n from ledger_staged')
        await until('the seals', async () => (await staged()) === 0)
        const expired = `select count(distinct grant_id)::int as n from audit_events where type = 'grant.expired'`
        return {
          events: await counted('select count(*)::int as n from audit_events'),
          expired: await counted(expired),
        }
      },
    })
  } finally {
    stopping.abort()
    await timer
    await queue.stop()
    await ledger.stop()
    await database.close()
  }
}

/** The end of grants made now: a whole second. */
export const endOf = (clock: BenchClock, ms = lifeMs): number => Math.floor(clock.now() / 1000) * 1000 + ms

/** An intent that a merge could have made; `of`: what the cloud asks of it. */
export const intentOf = (
  n: number,
  endsAt: number,
  of: Pick<Intent, 'provider' | 'principal' | 'cloudRole' | 'scope'>,
): Intent => {
  const path = `requests/2026/12/bench-${n}.yaml`
  return {
    grant: requestId(1, n + 1, path),
    repository: 1,
    pull: n + 1,
    mergeCommit: 'a'.repeat(40),
    path,
    blob: 'b'.repeat(40),
    requester: { id: 1000 + n, login: `dev-${n}` },
    role: 'dev-admin',
    reason: 'measured',
    // AWS gives no session for less than 15 minutes.
    startsAt: endsAt - 3_600_000,
    endsAt,
    ...of,
  }
}
