import type { Sighted } from '../../grant/sighted.ts'
import type { Provider } from '../../provider/port.ts'
import type { Clock } from '../ports/clock.ts'
import type { Keys } from '../ports/keys.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { Log } from '../ports/log.ts'
import type { Queue } from '../ports/queue.ts'
import type { Settings } from '../ports/settings.ts'
import type { Store } from '../ports/store.ts'
import type { Recorder } from './record.ts'

/** What grants stand on. `providers`: by name, those that the configuration names. */
export type GrantDeps = {
  readonly clock: Clock
  readonly log: Log
  readonly keys: Pick<Keys, 'sign' | 'verify'>
  readonly ledger: Pick<
    Ledger,
    'stage' | 'stageAll' | 'sealed' | 'history' | 'remains' | 'waiting' | 'standing'
  >
  readonly queue: Pick<Queue, 'wake'>
  readonly store: Pick<
    Store,
    | 'transaction'
    | 'serialise'
    | 'alone'
    | 'grant'
    | 'saveGrant'
    | 'saveGrants'
    | 'openAttempt'
    | 'closeAttempt'
    | 'attempts'
    | 'revokeAsked'
  >
  readonly providers: ReadonlyMap<string, Provider>
  readonly settings: Pick<Settings, 'grantWindowMs'>
}

/** What a look at one grant stands on. */
export type LookDeps = GrantDeps & { readonly recorder: Recorder; readonly sighted: Sighted }
