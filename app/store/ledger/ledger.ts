import type { Clock } from '../../reconcile/ports/clock.ts'
import type { Keys } from '../../reconcile/ports/keys.ts'
import type { Ledger } from '../../reconcile/ports/ledger.ts'
import type { Log } from '../../reconcile/ports/log.ts'
import type { Database } from '../database.ts'
import { findSealed, ledgerReads } from './read.ts'
import { startSealer } from './sealer.ts'
import { stage, stageAll, waitingEvents } from './stage.ts'
import { createStandingReader } from './standing.ts'
import type { VouchDeps } from './vouched.ts'

/** The ledger port with a sealer running; `stop` seals what is committed by then. */
export function createLedger(
  deps: VouchDeps & {
    readonly database: Database
    readonly keys: Keys
    readonly clock: Clock
    readonly log: Log
  },
): Ledger & { stop(): Promise<void> } {
  const { database } = deps
  const sealer = startSealer({ ...deps, find: (leaves) => findSealed(deps, leaves) })
  return {
    stage: (tx, event, evidence) => stage(tx, deps.keys, event, evidence),
    stageAll: (tx, events) => stageAll(tx, deps.keys, events),
    sealed: (staged, deadline) => sealer.sealed(staged, deadline),
    waiting: (type) => waitingEvents(database, deps.keys, type),
    ...ledgerReads(database, (seq) =>
      deps.log.alert('ledger.altered', { seq, why: 'altered after it was sealed: run gitsudo audit verify' }),
    ),
    ...createStandingReader(deps),
    stop: () => sealer.stop(),
  }
}
