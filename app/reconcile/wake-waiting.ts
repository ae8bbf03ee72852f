import type { ReconcileDeps } from './deps.ts'
import { wakePull } from './key.ts'
import type { Tx } from './ports/store.ts'

/** In the caller's transaction: whatever waits in this repository is decided anew, by the policies of now. */
export const wakeWaiting = async (
  deps: Pick<ReconcileDeps, 'store' | 'queue'>,
  tx: Tx,
  repository: number,
): Promise<void> => {
  const waiting = (await deps.store.waitingPulls()).filter((one) => one.repository === repository)
  await deps.queue.wake(
    waiting.map(({ pull }) => wakePull(repository, pull)),
    tx,
  )
}
