import type { Log } from './ports/log.ts'
import type { Store, Tx } from './ports/store.ts'

/**
 * A transaction whose alerts are heard once it has committed: on a serialisation failure PostgreSQL asks for it
 * to be run again, and one that rolls back has nothing to say. `work` gets the deps to use within.
 */
export const transact = async <
  D extends { readonly store: Pick<Store, 'transaction'>; readonly log: Log },
  T,
>(
  deps: D,
  work: (tx: Tx, deps: D) => Promise<T>,
): Promise<T> => {
  let alerts: Parameters<Log['alert']>[] = []
  const result = await deps.store.transaction((tx) => {
    const raised: typeof alerts = []
    alerts = raised
    return work(tx, { ...deps, log: { ...deps.log, alert: (...alert) => void raised.push(alert) } })
  })
  for (const alert of alerts) deps.log.alert(...alert)
  return result
}
