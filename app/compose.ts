import type { CliDeps } from './cli/deps.ts'
import { Failure } from './cli/failure.ts'
import { anchorDeps } from './compose/anchoring.ts'
import { askProviders } from './compose/ask-providers.ts'
import { openAudit, openExport, proofIn, verifySegmentFiles } from './compose/audit.ts'
import { openServed } from './compose/database.ts'
import { initialiseService } from './compose/initialise.ts'
import { rotateKey, signersOf } from './compose/keys.ts'
import { localPolicies } from './compose/policies.ts'
import { openPorts, type Ports } from './compose/ports.ts'
import { type Overrides, startService } from './compose/service.ts'
import { verifyEverything } from './compose/verify.ts'
import { type Config, loadConfig } from './config.ts'
import { appManifest } from './github/manifest.ts'
import { intentsOf } from './grant/findings.ts'
import { acknowledgeRestore } from './reconcile/anchor.ts'
import { reconcileCloud } from './reconcile/cloud.ts'
import { endOverrides } from './reconcile/overrides.ts'
import { createSweep } from './reconcile/sweep.ts'
import { createLog } from './server/log.ts'

/** What the command line takes from the service's parts. */
export type Parts = Pick<
  CliDeps,
  | 'manifest'
  | 'startService'
  | 'initialise'
  | 'publicKeys'
  | 'rotateKey'
  | 'acknowledgeRestore'
  | 'sweepOnce'
  | 'checkProviders'
  | 'listProviders'
  | 'reconcileProviders'
  | 'openAudit'
  | 'verify'
  | 'proofIn'
  | 'openExport'
  | 'verifySegments'
  | 'localPolicies'
  | 'replay'
  | 'startSandbox'
>

/**
 * The only file that knows every part, and only wires.
 * @param overrides what a process under test puts around the ports; the shipped entry gives none
 */
export const compose = (env: NodeJS.ProcessEnv, version: string, overrides: Overrides = {}): Parts => {
  const clock = overrides.clock ?? { now: () => Date.now() }
  /** Does one thing over all ports, beside whatever runs. */
  const once = async <T>(config: Config, work: (ports: Ports, config: Config) => Promise<T>): Promise<T> => {
    // Standard output is for the answer.
    const log = createLog({ level: 'error', secrets: [], destination: process.stderr })
    const served = await openServed(config)
    try {
      const { ports, close } = await openPorts(config, served.url, clock, log)
      try {
        return await work(ports, config)
      } finally {
        await ports.queue.stop()
        await close()
      }
    } finally {
      await served.stop()
    }
  }
  return {
    manifest: async (url, redirectUrl) =>
      appManifest({
        name: 'gitsudo',
        url,
        webhookUrl: `${url.replace(/\/+$/, '')}/webhooks/github`,
        ...(redirectUrl === undefined ? {} : { redirectUrl }),
      }),
    async startService({ config: path, insecure, interrupted }) {
      const given = insecure ? { ...env, GITSUDO_INSECURE: 'true' } : env
      const service = await startService(loadConfig(path, given), version, interrupted, overrides)
      // The service ends only when it is told to: a crash ends the process.
      return { ended: new Promise<void>(() => undefined), stop: async () => service?.stop() }
    },
    initialise: ({ config }) => initialiseService(loadConfig(config, env, 'to-make')),
    async publicKeys({ config: path }) {
      const { instance, keys } = loadConfig(path, env)
      return signersOf(instance, keys.signing).map(({ key }) => key.text)
    },
    rotateKey: async ({ config }) => rotateKey(loadConfig(config, env)),
    acknowledgeRestore: ({ config }) =>
      once(loadConfig(config, env), async (ports, config) => {
        const deps = anchorDeps(config, ports)
        if (deps === undefined)
          throw new Failure('usage', 'The configuration has no anchorRepository: nothing is anchored.')
        return acknowledgeRestore(deps)
      }),
    sweepOnce: ({ config }) =>
      once(loadConfig(config, env), async (ports) => {
        await endOverrides(ports)
        return createSweep(ports)()
      }),
    checkProviders: ({ config }) =>
      once(loadConfig(config, env), ({ providers }) =>
        askProviders(providers, clock, async (cloud, call) => ({ found: await cloud.check(call) })),
      ),
    listProviders: ({ config }) =>
      once(loadConfig(config, env), async ({ providers, ledger }) => {
        const { open } = await ledger.standing()
        return askProviders(providers, clock, async (cloud, call) => {
          const { bindings: found, unread } = await cloud.list(call, intentsOf(open, cloud.name))
          return { found, unread, traceless: !cloud.traits.binding }
        })
      }),
    reconcileProviders: ({ config }) =>
      once(loadConfig(config, env), (ports) =>
        askProviders(ports.providers, clock, (cloud, { signal }) => reconcileCloud(ports, cloud, signal)),
      ),
    openAudit: (databaseUrl) => openAudit(databaseUrl, env),
    verify: (ask) => verifyEverything(ask, env, clock.now()),
    proofIn,
    openExport,
    verifySegments: verifySegmentFiles,
    localPolicies: (dir) => localPolicies(dir, env, clock),
    // Loaded when asked for: a replica would keep them in memory, and never use them.
    replay: async (source, wanted) => (await import('./compose/replay.ts')).replayFrom(source, wanted, env),
    startSandbox: async (options) => (await import('./compose/sandbox.ts')).startSandbox(options, env),
  }
}
