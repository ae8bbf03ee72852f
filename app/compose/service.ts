import { setTimeout as pause } from 'node:timers/promises'
import { schedule } from 'node-cron'
import { Failure } from '../cli/failure.ts'
import { refusal } from '../cli/refused.ts'
import { cloudSecretTexts } from '../config/providers.ts'
import type { Config } from '../config.ts'
import { createIntake } from '../github/webhook.ts'
import { debtOf } from '../grant/debt.ts'
import { QueueError } from '../queue/queue.ts'
import { createBranchReconciler } from '../reconcile/branch.ts'
import { catchUp, type Passed } from '../reconcile/catch-up.ts'
import { createCloudReconciler, createCloudWatch } from '../reconcile/cloud.ts'
import { createGrantReconciler } from '../reconcile/grant.ts'
import { inTurnBy } from '../reconcile/in-turn.ts'
import { keepLedger } from '../reconcile/keep-ledger.ts'
import { createGroupReconciler } from '../reconcile/merge-group.ts'
import { createCloudLimits } from '../reconcile/observe/limits.ts'
import { createPeopleCache } from '../reconcile/observe/people.ts'
import { createPolicyCache } from '../reconcile/observe/policies.ts'
import { createPolicyWatch } from '../reconcile/overrides.ts'
import { loadAccepted } from '../reconcile/policies.ts'
import type { Clock } from '../reconcile/ports/clock.ts'
import type { Log } from '../reconcile/ports/log.ts'
import type { RepositorySettings } from '../reconcile/ports/settings.ts'
import { createPublisher } from '../reconcile/publish.ts'
import { createPullReconciler } from '../reconcile/pull-request.ts'
import { createSweep } from '../reconcile/sweep.ts'
import { runTimer } from '../reconcile/timer.ts'
import { createLog } from '../server/log.ts'
import { createMetrics } from '../server/metrics.ts'
import { createServer } from '../server/server.ts'
import { serveWaiting } from '../server/waiting.ts'
import { metricFacts } from '../store/metric-facts.ts'
import { type Anchoring, anchoringOf, doubting } from './anchoring.ts'
import { openServed } from './database.ts'
import { messageOf } from './message-of.ts'
import { metered } from './metered.ts'
import { openPorts, type Ports } from './ports.ts'
import { reaching } from './reach.ts'
import { serverDeps } from './server-deps.ts'

export type Service = {
  /** Where the API listens: `http://host:port`. */
  readonly url: string
  /** Takes no more work, finishes what is in flight, seals, releases leases. */
  stop(): Promise<void>
}

type Sleep = (ms: number, signal: AbortSignal) => Promise<void>

/** What a process under test changes: its clock, how it waits to catch up again, and stop points around the ports. */
export type Overrides = {
  readonly clock?: Clock
  readonly sleep?: Sleep
  readonly wrap?: (ports: Ports) => Ports
}

const catchUpEveryMs = 5 * 60_000
/** By then a delivery that was on its way has arrived, or is lost. */
const soonMs = 30_000
/** So long the first pass waits for policies: what it wakes is decided by them. */
const firstCatchUpMs = 10_000
const retryMs = 2000
/** So long a start waits for GitHub to show the newest anchor; until it has, nothing is given. */
const firstLookMs = 3_000
const systemClock: Clock = { now: () => Date.now() }

/**
 * Starts one replica. PostgreSQL or GitHub away, at the start or later: `/readyz` names what is missing, and the
 * service tries again, for ever, and goes on by itself.
 * @returns undefined: `interrupted` came while PostgreSQL was waited for, and nothing is left to stop
 */
export const startService = async (
  config: Config,
  version: string,
  interrupted: Promise<void>,
  overrides: Overrides = {},
): Promise<Service | undefined> => {
  const clock = overrides.clock ?? systemClock
  const log = createLog({ level: config.logLevel, secrets: secretsOf(config) })
  const starting = new AbortController()
  void interrupted.then(() => starting.abort())
  const stopping = new AbortController()
  const served = await openServed(config)
  let detail = 'not asked yet'
  const stopWaiting = await serveWaiting(config.server, () => ({ name: 'database', up: false, detail }))
  const opened = await openPorts(config, served.url, clock, log, (connect) =>
    again(
      log,
      'the database',
      starting.signal,
      () =>
        connect().catch((error: unknown) => {
          detail = missingOf(error)
          throw error
        }),
      () => ({ missing: detail }),
    ),
  ).catch(async (error: unknown) => {
    await stopWaiting()
    await served.stop()
    if (!starting.signal.aborted) throw error
    log.info('stopped')
  })
  if (opened === undefined) return undefined
  const metrics = createMetrics(async () => {
    const facts = await metricFacts(opened.database)
    const { open } = await opened.ports.ledger.standing()
    return {
      ...facts,
      clouds: facts.clouds.filter(({ provider }) => opened.ports.providers.has(provider)),
      revocationDebt: debtOf(open, clock.now()),
    }
  }, clock)
  const { ports, reach } = reaching(metered(overrides.wrap?.(opened.ports) ?? opened.ports, metrics))
  const anchoring = anchoringOf(config, ports)
  const ledger = doubting(ports.ledger, anchoring)
  const deps = {
    ...ports,
    ledger,
    policies: createPolicyCache(ports),
    people: createPeopleCache(clock),
    limits: createCloudLimits(ports),
    following: inTurnBy(),
  }
  const intake = createIntake({
    secrets: [
      config.github.webhookSecret,
      ...(config.github.webhookSecretOld === undefined ? [] : [config.github.webhookSecretOld]),
    ],
    repositories: [...ports.settings.repositories.values()],
    accept: (delivery, wake) => ports.store.acceptDelivery(delivery, wake),
    log,
    clock,
  })
  const server = createServer(serverDeps(config, version, deps, opened, metrics, intake, anchoring, reach))
  if (anchoring !== undefined)
    await Promise.race([firstLook(anchoring, log), pause(firstLookMs, undefined, { ref: false })])
  await stopWaiting()
  const url = await server.listen(config.server)
  log.info('listening', { url, instance: config.instance, version })

  await work({ ...deps, found: metrics.finding })
  if (anchoring !== undefined) await ports.queue.work('anchor', () => anchoring.anchorer.look())
  const sweep = createSweep(ports)
  const watchPolicies = createPolicyWatch(ports)
  const watchClouds = createCloudWatch(ports)
  const cron = schedule('*/30 * * * * *', () =>
    Promise.all([sweep(), watchPolicies(), watchClouds()]).catch((error: unknown) =>
      log.error('sweep failed', { error }),
    ),
  )
  const timer = runTimer({ ...ports, sleep }, stopping.signal)
  const background = keepUp(deps, stopping.signal, overrides.sleep ?? sleep)
  const keeping = keepLedger(
    {
      checkpoints: ports.checkpoints,
      queue: ports.queue,
      witness: opened.witness,
      ...(anchoring === undefined ? {} : { anchor: anchoring }),
      log,
      sleep,
    },
    stopping.signal,
  )

  return {
    url,
    async stop() {
      stopping.abort()
      await cron.stop()
      await server.stop()
      await ports.queue.stop()
      await Promise.all([timer, background, keeping])
      await opened.close()
      await served.stop()
      log.info('stopped')
    },
  }
}

/** Resolves after `ms`, or at once when the signal aborts. */
const sleep: Sleep = async (ms, signal) => {
  try {
    await pause(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

const firstLook = async ({ anchorer }: Anchoring, log: Log): Promise<void> => {
  try {
    await anchorer.due()
  } catch (error) {
    log.error('the newest anchor could not be looked at and will be again', { error })
  }
}

type Deps = Parameters<typeof createPullReconciler>[0] & Ports

/** The reconcilers take wake-ups. */
const work = async (deps: Deps & Parameters<typeof createCloudReconciler>[0]): Promise<void> => {
  const pull = createPullReconciler(deps)
  const branch = createBranchReconciler(deps)
  const grant = createGrantReconciler(deps)
  const publisher = createPublisher(deps)
  const group = createGroupReconciler(deps)
  const cloud = createCloudReconciler(deps)
  await deps.queue.work('grant', (key, signal) => grant.look(key, signal))
  await deps.queue.work('pull-request', (key) => pull.look(key))
  await deps.queue.work('branch', (key) => branch.look(key))
  await deps.queue.work('publish', (key) => publisher.look(key))
  await deps.queue.work('merge-group', (key) => group.look(key))
  await deps.queue.work('cloud', (key, signal) => cloud.look(key, signal))
  await deps.store.knowClouds([...deps.providers.keys()], deps.clock.now())
}

/**
 * Loads the accepted policies, and asks every 5 minutes what deliveries were missed, until the service stops. Policies
 * that cannot be had keep nothing from other repositories: they are waited for beside.
 */
const keepUp = async (deps: Deps, signal: AbortSignal, sleep: Sleep): Promise<void> => {
  let loading: Promise<unknown> | undefined = Promise.all(
    [...deps.settings.repositories.values()].map((repository) => load(deps, repository, signal)),
  ).finally(() => {
    loading = undefined
  })
  let passed: Passed | undefined
  let wait = firstCatchUpMs
  while (!signal.aborted) {
    await Promise.race([sleep(wait, signal), ...(loading === undefined ? [] : [loading])])
    if (signal.aborted) break
    const now = await catchUp(deps, passed).catch((error: unknown) => {
      deps.log.warn('catch-up failed and will be tried again', { error })
    })
    passed = now ?? passed
    wait = now?.soon ? soonMs : catchUpEveryMs
  }
  await loading
}

const load = async (deps: Deps, repository: RepositorySettings, signal: AbortSignal): Promise<void> => {
  try {
    await again(deps.log, `policies of ${repository.fullName}`, signal, () => loadAccepted(deps, repository))
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Why the database cannot be used, and what to do where somebody can. */
const missingOf = (error: unknown): string => {
  const told = error instanceof Failure ? error : refusal(error)
  if (told !== undefined) return [told.message.replace(/\.$/, ''), told.hint].join('; ')
  return error instanceof QueueError ? error.message : `PostgreSQL: ${messageOf(error)}`
}

/** Tries until it works; says what it waits for, and `more` of it. @throws what the last attempt did, once the service stops */
const again = async <T>(
  log: Log,
  what: string,
  signal: AbortSignal,
  attempt: () => Promise<T>,
  more: () => Readonly<Record<string, unknown>> = () => ({}),
): Promise<T> => {
  while (true) {
    try {
      return await attempt()
    } catch (error) {
      if (signal.aborted) throw error
      log.warn(`waiting for ${what}`, { error, ...more() })
      await sleep(retryMs, signal)
      if (signal.aborted) throw error
    }
  }
}

const secretsOf = ({ github, keys, database, providers }: Config): readonly string[] => [
  github.privateKey,
  github.clientSecret,
  github.webhookSecret,
  ...(github.webhookSecretOld === undefined ? [] : [github.webhookSecretOld]),
  ...keys.signing,
  ...keys.mac,
  ...(database.url === undefined ? [] : [database.url]),
  ...cloudSecretTexts(providers),
]
