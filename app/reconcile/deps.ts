import type { Checkpoints } from './ports/checkpoints.ts'
import type { Clock } from './ports/clock.ts'
import type { LoadPolicies } from './ports/evaluator.ts'
import type { Git } from './ports/git.ts'
import type { GitHub } from './ports/github.ts'
import type { Keys } from './ports/keys.ts'
import type { Ledger } from './ports/ledger.ts'
import type { Log } from './ports/log.ts'
import type { Payloads } from './ports/payload.ts'
import type { PolicyTrial } from './ports/policy-trial.ts'
import type { Queue } from './ports/queue.ts'
import type { Settings } from './ports/settings.ts'
import type { Store } from './ports/store.ts'

/** What the reconcilers of pull requests and branches stand on: ports and settings, nothing else. */
export type ReconcileDeps = {
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly ledger: Ledger
  readonly checkpoints: Pick<Checkpoints, 'newest'>
  readonly queue: Queue
  readonly git: Git
  readonly github: GitHub
  readonly keys: Keys
  readonly payloads: Payloads
  readonly loadPolicies: LoadPolicies
  readonly policyTrial: PolicyTrial
  readonly settings: Settings
}
