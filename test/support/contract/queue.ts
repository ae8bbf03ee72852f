import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Queue, WakeUp } from '../../../app/reconcile/ports/queue.ts'
import type { Tx } from '../../../app/reconcile/ports/store.ts'

export type QueueUnderTest = {
  readonly wake: Queue['wake']
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Lets `look` have each wake-up until none is left. */
  work(look: (wakeUp: WakeUp) => Promise<void>): Promise<void>
  close(): Promise<void>
}

/** What the reconcilers rely on of the queue. */
export const describeQueue = (name: string, setUp: () => Promise<QueueUnderTest>): void => {
  describe(`the queue, ${name}`, () => {
    let at: QueueUnderTest
    beforeEach(async () => {
      at = await setUp()
    })
    afterEach(() => at.close())

    const worked = async (): Promise<readonly string[]> => {
      const seen: string[] = []
      await at.work(async ({ queue, key }) => void seen.push(`${queue} ${key}`))
      return seen.sort()
    }

    test('a wake-up comes with its transaction, or not at all', async () => {
      const failing = at.transaction(async (tx) => {
        await at.wake([{ queue: 'branch', key: 'lost' }], tx)
        throw new Error('taken back')
      })
      await expect(failing).rejects.toThrow('taken back')
      await at.transaction((tx) => at.wake([{ queue: 'branch', key: 'kept' }], tx))
      await at.wake([{ queue: 'grant', key: 'alone' }])
      expect(await worked()).toEqual(['branch kept', 'grant alone'])
    })

    test('wake-ups of one key are one look; another queue’s same key is another', async () => {
      await at.wake([
        { queue: 'branch', key: '1' },
        { queue: 'branch', key: '1' },
        { queue: 'publish', key: '1' },
      ])
      await at.wake([{ queue: 'branch', key: '1' }])
      expect(await worked()).toEqual(['branch 1', 'publish 1'])
      expect(await worked()).toEqual([])
    })

    test('who is woken while being looked at is looked at again', async () => {
      await at.wake([{ queue: 'grant', key: 'g' }])
      let looks = 0
      await at.work(async () => {
        looks += 1
        if (looks === 1) await at.wake([{ queue: 'grant', key: 'g' }])
      })
      expect(looks).toBe(2)
    })
  })
}
