import { join } from 'node:path'
import type { Config } from '../config.ts'
import { createGit } from '../git/git.ts'
import { createGitHub } from '../github/github.ts'
import { payloads } from '../github/payload.ts'
import { createCompiler } from '../policy/compile.ts'
import { createPolicyLoader } from '../policy/load.ts'
import { describeOpa, findOpa } from '../policy/opa.ts'
import { createPackaged, readCapabilities } from '../policy/packaged.ts'
import { createEvaluatorPool } from '../policy/pool.ts'
import { rememberTrials } from '../policy/trial/remember.ts'
import { createPolicyTrial } from '../policy/trial/trial.ts'
import type { Provider } from '../provider/port.ts'
import { createQueue } from '../queue/queue.ts'
import type { ReconcileDeps } from '../reconcile/deps.ts'
import type { Clock } from '../reconcile/ports/clock.ts'
import type { Log } from '../reconcile/ports/log.ts'
import { type Database, executeWithin, openDatabase } from '../store/database.ts'
import { evidenceBytes } from '../store/ledger/evidence.ts'
import { createLedger } from '../store/ledger/ledger.ts'
import { createStore } from '../store/store.ts'
import { keysOf } from './keys.ts'
import { createProviders } from './providers.ts'
import { settingsOf } from './settings.ts'

/** Every port, kept by the edges of this configuration. */
export type Ports = ReconcileDeps & { readonly providers: ReadonlyMap<string, Provider> }

export type OpenPorts = {
  readonly ports: Ports
  readonly database: Database
  /** The compiler's version and what confines it, or what goes without it. */
  readonly opa: string
  /** Ends the edges, after everything that uses them has ended. */
  close(): Promise<void>
}

/** Opens the edges; the database's schema has to be there. */
export const openPorts = async (
  config: Config,
  databaseUrl: string,
  clock: Clock,
  log: Log,
): Promise<OpenPorts> => {
  const settings = settingsOf(config)
  const repositories = [...settings.repositories.values()]
  const database = await openDatabase(databaseUrl)
  const keys = keysOf(config.keys)
  const queue = await createQueue({ databaseUrl, execute: executeWithin, log })
  const store = createStore({ database, queue, keys })
  const ledger = createLedger({ database, keys, clock, log, origin: config.instance })
  const github = createGitHub({
    ...config.github,
    repositories,
    budget: store,
    clock,
    log,
  })
  const git = createGit({
    dir: join(config.stateDir, 'mirrors'),
    repositories,
    gitUrl: (fullName) => `${config.github.gitUrl}/${fullName}.git`,
    token: (repository) => github.token(repository),
    clock,
    log,
  })
  const pool = createEvaluatorPool()
  const opa = await findOpa(process.env)
  const [packaged, capabilities] = [createPackaged(), readCapabilities()]
  const loadPolicies = createPolicyLoader({
    pool,
    packaged,
    compile: opa === undefined ? undefined : createCompiler(opa, capabilities),
  })
  const trial = createPolicyTrial({
    git,
    ledger,
    evidence: (digest) => evidenceBytes(database, digest),
    packaged,
    capabilities,
    opa,
    clock,
  })
  const providers = await createProviders(config, database, clock, log)
  return {
    ports: {
      clock,
      log,
      store,
      ledger,
      queue,
      git,
      github,
      keys,
      payloads,
      loadPolicies,
      policyTrial: rememberTrials(trial, clock),
      settings,
      providers,
    },
    database,
    opa: describeOpa(opa),
    async close() {
      await ledger.stop()
      await pool.close()
      git.close()
      await store.close()
    },
  }
}
