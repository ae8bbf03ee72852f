import type { Keys } from '../reconcile/ports/keys.ts'
import type { Queue } from '../reconcile/ports/queue.ts'
import type { Store } from '../reconcile/ports/store.ts'
import { attempts } from './attempts.ts'
import { branches } from './branches.ts'
import { budget, gitHubLimits, type Limits } from './budget.ts'
import { clouds } from './clouds.ts'
import { type Database, serialise, share } from './database.ts'
import { deliveries } from './deliveries.ts'
import { grants } from './grants.ts'
import { health } from './health.ts'
import { overrideAsks } from './override-asks.ts'
import { policies } from './policies.ts'
import { pulls } from './pulls.ts'
import { requests } from './requests.ts'
import { revokeAsks } from './revoke-asks.ts'
import { status } from './status.ts'
import { timerQueries } from './timers.ts'
import { troubles } from './troubles.ts'

/** The store port over one database; each query family has its own file. */
export function createStore(deps: {
  readonly database: Database
  readonly queue: Pick<Queue, 'wake'>
  readonly keys: Keys
  readonly limits?: Limits
}): Store {
  const { database, queue, keys } = deps
  return {
    transaction: (work) => database.transaction(work),
    serialise,
    alone: (keys, waitMs, work) => database.alone(keys, waitMs, work),
    share,
    ...deliveries(database, queue, keys),
    ...requests(database),
    ...status(database),
    ...grants(database),
    ...attempts(database),
    ...revokeAsks(database, keys),
    ...branches(database),
    ...pulls(database),
    ...clouds(database),
    ...troubles(database),
    ...timerQueries(database),
    ...policies(database, keys),
    ...overrideAsks(database, keys),
    ...budget(database, deps.limits ?? gitHubLimits),
    ...health(database),
    close: () => database.close(),
  }
}
