import type { Config } from '../config.ts'
import { boundCalls } from '../provider/calls.ts'
import { limitCalls } from '../provider/limits.ts'
import type { Provider } from '../provider/port.ts'
import type { Clock } from '../reconcile/ports/clock.ts'
import type { Log } from '../reconcile/ports/log.ts'
import type { Database } from '../store/database.ts'

/** The configured providers by name, each imported only when it is configured: all SDKs at once are large. */
export const createProviders = async (
  config: Config,
  database: Database,
  clock: Clock,
  log: Log,
): Promise<ReadonlyMap<string, Provider>> => {
  const found = new Map<string, Provider>()
  if (config.providers.mock !== undefined) {
    const { createMock } = await import('../provider/mock/mock.ts')
    const { mockBindings } = await import('../store/mock-bindings.ts')
    const mock = createMock({ bindings: mockBindings(database), clock, instance: config.instance })
    found.set(mock.name, boundCalls(limitCalls(mock), { clock, log }))
  }
  return found
}
