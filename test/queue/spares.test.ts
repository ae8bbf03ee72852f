import { expect, test } from 'vitest'
import { createSpares } from '../../app/queue/spares.ts'
import { quietLog } from '../support/quiet-log.ts'

/** Batches that last until they are ended, and spares that stop when their own batch is over. */
const stage = (most: number) => {
  const spares = createSpares(most, quietLog)
  const started: { readonly stopped: () => void; readonly over: Promise<void> }[] = []
  return {
    started,
    slow: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const over = spares.during(
        () => promise,
        async () => {
          const own = Promise.withResolvers<void>()
          started.push({ stopped: own.resolve, over: own.promise })
          return String(started.length - 1)
        },
        async (id) => started[Number(id)]?.over,
      )
      return { end: resolve, over }
    },
  }
}

test('a spare whose own batch hangs counts until that is over, and keeps nobody waiting', async () => {
  const { started, slow } = stage(1)
  const first = slow()
  await expect.poll(() => started.length).toBe(1)
  first.end()
  await first.over
  const second = slow()
  // Of timers as long as each other the later one is over later.
  const witness = stage(1)
  const seen = witness.slow()
  await expect.poll(() => witness.started.length).toBe(1)
  expect(started).toHaveLength(1)
  started[0]?.stopped()
  second.end()
  await second.over
  const third = slow()
  await expect.poll(() => started.length).toBe(2)
  for (const one of [third, seen]) one.end()
  for (const one of [...started, ...witness.started]) one.stopped()
})
