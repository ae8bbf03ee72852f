import { join } from 'node:path'
import type { Config } from '../config.ts'
import { createGit } from '../git/git.ts'
import { createGitHub } from '../github/github.ts'
import { payloads } from '../github/payload.ts'
import { describeOpa } from '../policy/opa.ts'
import { createEvaluatorPool, type EvaluatorPool } from '../policy/pool.ts'
import { rememberTrials } from '../policy/trial/remember.ts'
import { createPolicyTrial } from '../policy/trial/trial.ts'
import type { Provider } from '../provider/port.ts'
import { createQueue } from '../queue/queue.ts'
import { anchorBranch } from '../reconcile/anchor.ts'
import type { ReconcileDeps } from '../reconcile/deps.ts'
import type { AnchorBranch } from '../reconcile/ports/anchor.ts'
import type { Checkpoints } from '../reconcile/ports/checkpoints.ts'
import type { Clock } from '../reconcile/ports/clock.ts'
import type { Log } from '../reconcile/ports/log.ts'
import { wakeDebt } from '../reconcile/wake-debt.ts'
import { type Database, executeWithin, openDatabase } from '../store/database.ts'
import { anchorReads } from '../store/ledger/anchors.ts'
import { createCheckpointer } from '../store/ledger/checkpointer.ts'
import { evidenceBytes } from '../store/ledger/evidence.ts'
import { createLedger } from '../store/ledger/ledger.ts'
import { statementName } from '../store/prepared.ts'
import { tellUnreadable } from '../store/readable.ts'
import { createStore } from '../store/store.ts'
import { keysOf, signersOf } from './keys.ts'
import { demandOrigin, recordedOrigin } from './origin.ts'
import { policyTools } from './policy-tools.ts'
import { createProviders } from './providers.ts'
import { settingsOf } from './settings.ts'
import { createWitness } from './witness.ts'

/** Every port, kept by the edges of this configuration. */
export type Ports = ReconcileDeps & {
  readonly checkpoints: Checkpoints
  /** Absent: the ledger is not anchored. */
  readonly anchor?: AnchorBranch
  readonly providers: ReadonlyMap<string, Provider>
}

export type OpenPorts = {
  readonly ports: Ports
  readonly database: Database
  /** Evaluates what people ask, apart from verdicts. */
  readonly questions: EvaluatorPool
  /** The compiler's version and what confines it, or what goes without it. */
  readonly opa: string
  /** Holds a checkpoint outside. */
  readonly witness: ReturnType<typeof createWitness>
  /** Makes the last checkpoint and ends the edges, after everything that uses them has ended. */
  close(): Promise<void>
}

/**
 * Opens the edges; the database's schema has to be there, and to belong to this instance.
 * @param reached tries anew what only fails because of PostgreSQL; all else that fails here would fail again
 * @throws Failure: the database belongs to another instance
 */
export const openPorts = async (
  config: Config,
  databaseUrl: string,
  clock: Clock,
  log: Log,
  reached: <T>(connect: () => Promise<T>) => Promise<T> = (connect) => connect(),
): Promise<OpenPorts> => {
  const settings = settingsOf(config)
  const repositories = [...settings.repositories.values()]
  const keys = keysOf(config.keys)
  const policies = await policyTools(process.env)
  const questions = createEvaluatorPool()
  const unreadable = tellUnreadable(log, clock)
  const database = await reached(() => openDatabase(databaseUrl, { unreadable }))
  const openQueue = async () => {
    demandOrigin(await reached(() => recordedOrigin(database)), config.instance)
    return reached(() => createQueue({ databaseUrl, execute: executeWithin, nameOf: statementName, log }))
  }
  const queue = await openQueue().catch(async (error: unknown) => {
    await database.close()
    throw error
  })
  const store = createStore({ database, queue, keys })
  const signers = signersOf(config.instance, config.keys.signing)
  const noteKeys = signers.map(({ key }) => key)
  const ledger = createLedger({ database, keys, clock, log, origin: config.instance, noteKeys })
  const checkpoints: Checkpoints = {
    ...createCheckpointer({ database, clock, log, keys, origin: config.instance, signers }),
    ...anchorReads({ database, keys, origin: config.instance, noteKeys }),
  }
  const { anchorRepository } = config
  const witness = createWitness(config.witnesses, log)
  const github = createGitHub({
    ...config.github,
    repositories,
    ...(anchorRepository === undefined
      ? {}
      : { anchor: { id: anchorRepository.id, fullName: anchorRepository.name, branch: anchorBranch } }),
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
  const trial = createPolicyTrial({
    git,
    ledger,
    keys,
    evidence: (digest) => evidenceBytes(database, digest),
    packaged: policies.packaged,
    capabilities: policies.capabilities,
    opa: policies.opa,
    clock,
  })
  const records = { ledger, keys, store, git, repositories }
  const providers = await createProviders(config, database, clock, log, records, (cloud, account) => {
    log.info('a cloud answers again', { provider: cloud.name, account })
    wakeDebt({ ledger, queue, clock }, cloud, account).catch((error: unknown) =>
      log.error('revocation debt was not woken; it comes by itself', { error }),
    )
  })
  return {
    ports: {
      clock,
      log,
      store,
      ledger,
      checkpoints,
      ...(github.anchor === undefined ? {} : { anchor: github.anchor }),
      queue,
      git,
      github,
      keys,
      payloads,
      loadPolicies: policies.load,
      policyTrial: rememberTrials(trial, clock),
      settings,
      providers,
    },
    database,
    questions,
    opa: describeOpa(policies.opa),
    witness,
    async close() {
      await ledger.stop()
      try {
        const last = await checkpoints.make('now')
        if (last !== undefined) await witness(last)
      } catch (error) {
        log.error('the last checkpoint could not be made; the next start makes it', { error })
      }
      await questions.close()
      await policies.close()
      git.close()
      await store.close()
    },
  }
}
