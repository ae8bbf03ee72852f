import { expect, test } from 'vitest'
import { callFor } from '../../app/reconcile/call-for.ts'

const never = new AbortController().signal

test('half of a call’s time is for its turn, the rest for its work', async () => {
  const call = callFor(1000, 80, never, 3)
  expect(call).toMatchObject({ deadline: 1080, attempt: 3 })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  call.turnBy?.addEventListener('abort', () => resolve(call.signal.aborted))
  expect(await promise).toBe(false)
  await expect.poll(() => call.signal.aborted).toBe(true)
})

test('whoever stops ends both', () => {
  const stopping = new AbortController()
  const call = callFor(0, 60_000, stopping.signal)
  stopping.abort()
  expect([call.signal.aborted, call.turnBy?.aborted]).toEqual([true, true])
})

test.each([2 ** 31, 2 ** 40])('%s ms, which Node would take for one, are not over at once', async (ms) => {
  const call = callFor(0, ms, never)
  const other = callFor(0, 20, never)
  await expect.poll(() => other.signal.aborted).toBe(true)
  expect([call.signal.aborted, call.turnBy?.aborted]).toEqual([false, false])
})
