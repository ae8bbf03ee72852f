import { appAdmin } from './admin/apps.ts'
import { newFind } from './admin/find.ts'
import { peopleAdmin } from './admin/people.ts'
import { repositoryAdmin } from './admin/repositories.ts'
import type { Counts } from './counters.ts'
import type { Faults } from './faults.ts'
import type { World } from './state/world.ts'

/** What people do on GitHub's pages, for tests and the demo: no permission is asked. `repo` is `owner/name`. */
export type Admin = ReturnType<typeof newAdmin>

export function newAdmin(world: World) {
  const find = newFind(world)
  return {
    ...peopleAdmin(world, find),
    ...repositoryAdmin(world, find),
    ...appAdmin(world, find),
    /** Switches that make answers and deliveries go wrong. */
    faults: world.faults as Pick<Faults, 'api' | 'deliveries' | 'clear'>,
    pendingDeliveries: (): number => world.outbox.pending(),
    /** Resolves once every delivery was answered or given up. */
    deliveriesSettled: (): Promise<void> => world.outbox.settled(),
    counters: (): Counts => world.counters.read(),
    resetCounters: (): void => world.counters.reset(),
  }
}
