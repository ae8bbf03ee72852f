/**
 * Grants that all end in the same second, against the mock provider with 20 ms latency: the real reconciler, queue,
 * timer, ledger and store of one process on PostgreSQL, beside a loop that takes bindings away one after another.
 * `npm run bench:burst [-- --count 10000] [-- --serial 500]`
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { keysOf } from '../app/compose/keys.ts'
import { sandboxDatabase } from '../app/compose/sandbox.ts'
import type { Intent } from '../app/grant/intent.ts'
import { boundCalls } from '../app/provider/calls.ts'
import { limitCalls } from '../app/provider/limits.ts'
import { createMock } from '../app/provider/mock/mock.ts'
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
import { executeWithin, openDatabase } from '../app/store/database.ts'
import { initialise } from '../app/store/initialise.ts'
import { createLedger } from '../app/store/ledger/ledger.ts'
import { mockBindings } from '../app/store/mock-bindings.ts'
import { createStore } from '../app/store/store.ts'
import { aim, figure, holds, spread } from './figures.ts'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '10000' }, serial: { type: 'string', default: '500' } },
})
const count = Number(values.count)
const sample = Math.min(count, Number(values.serial))
const latencyMs = 20
const origin = 'bench.local'

const chunk = 500
/** Less than the 5 minutes between two looks at an active grant, so that the next look is the end. */
const lifeMs = 280_000

/** Slow while the grants are made, so that it is long before their end; then set to 2 s before it, at its true pace. */
let time = { at: Date.now(), since: Date.now(), pace: 0.1 }
const clock = { now: () => Math.floor(time.at + (Date.now() - time.since) * time.pace) }
const call = () => ({ deadline: clock.now() + 60_000, signal: AbortSignal.timeout(60_000) })
const say = (level: string) => (message: string, fields?: unknown) =>
  console.error(level, message, fields ?? '')
const quiet = () => undefined
const log: Log = { info: quiet, warn: quiet, error: say('error'), alert: say('alert') }

const dir = await mkdtemp(join(tmpdir(), 'gitsudo-bench-'))
const served = await sandboxDatabase(dir, process.env)
const name = `gitsudo_${randomBytes(4).toString('hex')}`
await sql(served.adminUrl, `create database ${name}`)
try {
  await burst(withDatabase(served.adminUrl, name))
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await sql(served.adminUrl, `drop database ${name} with (force)`)
  await served.stop()
  await rm(dir, { recursive: true, force: true })
}

async function burst(adminUrl: string): Promise<void> {
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
  const queue = await createQueue({ databaseUrl, execute: executeWithin, log })
  const ledger = createLedger({ database, keys, clock, log, origin })
  const store = createStore({ database, queue, keys })
  const mock = createMock({ bindings: mockBindings(database), clock, instance: origin, latencyMs })
  const providers = new Map([['mock', boundCalls(limitCalls(mock), { clock, log })]])
  const deps = { clock, log, keys, queue, ledger, store, providers, settings: { grantWindowMs: 3_600_000 } }
  const stopping = new AbortController()
  try {
    const alone = Array.from({ length: sample }, (_, n) => intentOf(count + n, clock.now() + lifeMs))
    for (const intent of alone) await mock.ensure(intent, call())
    const beganSerial = performance.now()
    for (const intent of alone) await mock.remove(intent, call())
    const serialMs = ((performance.now() - beganSerial) * count) / sample
    figure('one after another', `${(serialMs / 1000).toFixed(1)} s for ${count}, from ${sample} in full`)

    const reconciler = createGrantReconciler(deps)
    const beganMaking = performance.now()
    const endsAt = Math.floor(clock.now() / 1000) * 1000 + lifeMs
    for (let from = 0; from < count; from += chunk) {
      const staged = await store.transaction(async (tx) => {
        const ids: string[] = []
        for (let n = from; n < Math.min(count, from + chunk); n++) {
          const intent = intentOf(n, endsAt + (n % 1000))
          ids.push(await openGrant(tx, deps, intent, { metadata: {}, now: clock.now() }))
        }
        return ids
      })
      await ledger.sealed(staged, clock.now() + 60_000)
    }
    await queue.work('grant', (key, signal) => reconciler.look(key, signal))
    const counted = async (what: string) => Number((await sql(adminUrl, what))[0]?.n)
    const active = `select count(*)::int as n from grants where state = 'active'`
    await until('all to be active', async () => (await counted(active)) === count, 1_200_000)
    figure('made and active', `${count} in ${((performance.now() - beganMaking) / 1000).toFixed(1)} s`)

    time = { at: endsAt - 2000, since: Date.now(), pace: 1 }
    const timer = runTimer({ ...deps, sleep: (ms) => pause(ms) }, stopping.signal)
    const sweep = createSweep(deps)
    const net = setInterval(() => void sweep().catch(log.error.bind(log, 'sweep failed')), 30_000)
    await until(
      'all to be gone',
      async () => (await counted(`select count(*)::int as n from grants where state = 'ended'`)) === count,
      600_000,
    ).finally(() => clearInterval(net))
    stopping.abort()
    await timer

    const rows = await sql(adminUrl, 'select ends_at, ended_at from grants')
    const late = rows.map(({ ends_at, ended_at }) => Number(ended_at) - Number(ends_at))
    const tookMs = Math.max(...rows.map((row) => Number(row.ended_at))) - endsAt
    figure('gone after their end', spread(late))
    figure('all gone', `${(tookMs / 1000).toFixed(1)} s after the second began`)
    holds(
      'left in the cloud',
      String(await counted('select count(*)::int as n from mock_bindings')),
      (await mock.list(call(), [])).length === 0,
    )
    await until(
      'the seals',
      async () => (await counted('select count(*)::int as n from ledger_staged')) === 0,
    )
    const expired = `select count(distinct grant_id)::int as n from audit_events where type = 'grant.expired'`
    const events = await counted(`select count(*)::int as n from audit_events`)
    holds(
      'ledger',
      `${events} events, expired ${await counted(expired)}`,
      events === 3 * count && (await counted(expired)) === count,
    )
    aim('times faster than one by one', (serialMs / tookMs).toFixed(1), '≥ 20', serialMs >= 20 * tookMs)
  } finally {
    stopping.abort()
    await queue.stop()
    await ledger.stop()
    await database.close()
  }
}

function intentOf(n: number, endsAt: number): Intent {
  const path = `requests/2026/12/bench-${n}.yaml`
  return {
    grant: requestId(1, n + 1, path),
    repository: 1,
    pull: n + 1,
    mergeCommit: 'a'.repeat(40),
    path,
    blob: 'b'.repeat(40),
    requester: { id: 1000 + n, login: `dev-${n}` },
    principal: `dev-${n}`,
    provider: 'mock',
    role: 'dev-admin',
    cloudRole: 'dev-admin',
    scope: '345678901234',
    reason: 'measured',
    startsAt: clock.now(),
    endsAt,
  }
}
