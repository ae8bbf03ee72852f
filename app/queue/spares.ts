import type { Log } from '../reconcile/ports/log.ts'

/** A batch that lasts longer has a spare worker beside it. */
const slowMs = 1000

/**
 * Spare workers: pg-boss gives a worker its next batch once all of the last is done, so that one look at a cloud that
 * hangs would keep nineteen others waiting. While a batch lasts longer than a second another worker stands in for its own.
 * @param most at once, those included that are to end and are still busy with their last batch
 */
export const createSpares = (most: number, log: Pick<Log, 'error'>) => {
  let standing = 0
  return {
    /**
     * Does `work`; while it lasts long, `start` has started a worker, whose id `end` takes, and resolves when that worker
     * has done what it had begun.
     */
    async during<T>(
      work: () => Promise<T>,
      start: () => Promise<string>,
      end: (id: string) => Promise<void>,
    ): Promise<T> {
      let spare: Promise<string> | undefined
      const timer = setTimeout(() => {
        if (standing >= most) return
        standing++
        spare = start()
        // It is looked at only at the end.
        spare.catch(() => undefined)
      }, slowMs)
      try {
        return await work()
      } finally {
        clearTimeout(timer)
        void spare
          ?.then(end)
          .catch((cause: unknown) => log.error('A spare worker failed.', { cause }))
          .finally(() => standing--)
      }
    },
  }
}
