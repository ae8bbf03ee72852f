import { expect, test } from 'vitest'
import type { Due } from '../../app/reconcile/ports/store.ts'
import { createSweep } from '../../app/reconcile/sweep.ts'
import { runTimer } from '../../app/reconcile/timer.ts'
import { memoryClock } from '../support/memory/clock.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryLog } from '../support/memory/log.ts'
import { memoryWorld } from '../support/memory/world.ts'

const grantKeys = (wakeUps: readonly { queue: string; key: string }[]) =>
  wakeUps.flatMap(({ queue, key }) => (queue === 'grant' ? [key] : []))

test('the sweep wakes whatever is due, again and again, until it has been looked at', async () => {
  const world = memoryWorld()
  const intent = anIntent(1, world.clock.now())
  await world.look(await world.open(intent))
  world.queue.take()
  const sweep = createSweep(world.deps)
  expect(await sweep()).toBe(0)
  world.clock.set(intent.endsAt + 3_600_000)
  for (let pass = 0; pass < 2; pass++) {
    expect(await sweep()).toBe(1)
    expect(grantKeys(world.queue.take())).toEqual([intent.grant])
  }
  await world.look(intent.grant)
  expect(await sweep()).toBe(0)
})

/** Runs the timer on its own clock; `each` sees every sleep before it is slept, and stops it by answering false. */
const timed = async (
  rows: { key: string; lookAt: number }[],
  each: (at: number) => boolean,
): Promise<{
  readonly woken: (readonly [number, string])[]
  readonly sleeps: number
  readonly errors: number
}> => {
  const clock = memoryClock(1_000_000)
  const log = memoryLog()
  const woken: (readonly [number, string])[] = []
  const stop = new AbortController()
  let sleeps = 0
  await runTimer(
    {
      clock,
      log,
      store: {
        due: async (now, _limit, after = 0): Promise<readonly Due[]> =>
          rows.flatMap(({ key, lookAt }) =>
            lookAt <= now && lookAt > after ? [{ queue: 'grant', key, lookAt } as const] : [],
          ),
        nextLookAt: async (after = 0) =>
          rows
            .map(({ lookAt }) => lookAt)
            .filter((at) => at > after)
            .sort((a, b) => a - b)[0],
      },
      queue: {
        wake: async (wakeUps) => {
          if (wakeUps.some(({ key }) => key === 'refused')) throw new Error('the database is away')
          for (const { key } of wakeUps) woken.push([clock.now(), key])
        },
      },
      sleep: async (ms) => {
        sleeps++
        clock.advance(ms)
        if (!each(clock.now())) stop.abort()
      },
    },
    stop.signal,
  )
  return { woken, sleeps, errors: log.lines.filter(({ level }) => level === 'error').length }
}

test('the timer wakes each row at its moment, once, and again when its moment changes', async () => {
  const rows = [
    { key: 'a', lookAt: 1_000_140 },
    { key: 'b', lookAt: 1_000_900 },
  ]
  const { woken, sleeps } = await timed(rows, (now) => {
    if (now === 1_000_900) rows[0] = { key: 'a', lookAt: 1_001_000 }
    return now < 1_003_000
  })
  expect(woken).toEqual([
    [1_000_140, 'a'],
    [1_000_900, 'b'],
    [1_001_000, 'a'],
  ])
  expect(sleeps).toBeLessThan(12)
})

test('the timer finds a row that was committed after its moment', async () => {
  const rows: { key: string; lookAt: number }[] = []
  const { woken } = await timed(rows, (now) => {
    if (now >= 1_001_000 && rows.length === 0) rows.push({ key: 'late', lookAt: 1_000_600 })
    return now < 1_003_000
  })
  expect(woken.map(([, key]) => key)).toEqual(['late'])
})

test('the timer outlives a pass that fails', async () => {
  const rows = [{ key: 'refused', lookAt: 1_000_000 }]
  const { woken, errors } = await timed(rows, (now) => {
    if (now > 1_001_500) rows[0] = { key: 'served', lookAt: 1_001_500 }
    return now < 1_003_000
  })
  expect(errors).toBeGreaterThan(1)
  expect(woken.map(([, key]) => key)).toEqual(['served'])
})
