import type { TestWorld } from '../support/world.ts'

/** One replica, started again whenever it was killed. */
export const keepReplica = (world: TestWorld) => {
  let current = world.start()
  let dying = false
  return {
    /** The one that runs. @throws why none does */
    ready: () => current,
    /** SIGKILL, as soon as there is one. */
    kill(): void {
      if (dying) return
      dying = true
      current = current.then(async (replica) => {
        await replica.kill()
        dying = false
        return world.start()
      })
    },
    /** Not by its leave, which is half a minute where a cloud hangs. */
    async end(): Promise<void> {
      await (await current).kill()
    },
  }
}

export type Replica = ReturnType<typeof keepReplica>
