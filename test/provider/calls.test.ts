import { expect, test } from 'vitest'
import { boundCalls } from '../../app/provider/calls.ts'
import { limitCalls } from '../../app/provider/limits.ts'
import { memoryBindings } from '../../app/provider/mock/memory-bindings.ts'
import { createMock } from '../../app/provider/mock/mock.ts'
import type { Provider } from '../../app/provider/port.ts'
import { memoryClock } from '../support/memory/clock.ts'
import { anIntent } from '../support/memory/intent.ts'
import { memoryLog } from '../support/memory/log.ts'

const clock = memoryClock()
const mock = createMock({ bindings: memoryBindings(), clock, instance: 'test' })
const intent = anIntent(1, clock.now())
const within = (signal = new AbortController().signal) => ({
  deadline: clock.now() + 10_000,
  signal,
  attempt: 3,
})

test('a call leaves a span with provider, grant, attempt and outcome', async () => {
  const log = memoryLog()
  const provider = boundCalls(mock, { clock, log })
  await provider.inspect(intent, within())
  expect(log.lines).toMatchObject([
    {
      level: 'info',
      message: 'provider call',
      fields: { provider: 'mock', call: 'inspect', grant: intent.grant, attempt: 3, ms: 0, outcome: 'ok' },
    },
  ])
})

test('what nobody classified is unknown, with its cause; a call never sent is not', async () => {
  const log = memoryLog()
  const cause = new TypeError('socket hang up')
  const broken: Provider = { ...mock, remove: () => Promise.reject(cause) }
  const provider = boundCalls(broken, { clock, log })
  await expect(provider.remove(intent, within())).rejects.toMatchObject({ kind: 'unknown', cause })
  await expect(provider.remove(intent, within(AbortSignal.abort()))).rejects.toMatchObject({
    kind: 'throttled',
  })
  expect(log.lines.map(({ fields }) => fields.outcome)).toEqual(['unknown', 'throttled'])
})

test('a full provider takes away before it gives, and gives before it compares; who gives up is not sent', async () => {
  const order: string[] = []
  const gates = new Map<string, () => void>()
  const gate = (name: string) => async () => {
    order.push(name)
    await new Promise<void>((open) => gates.set(name, open))
    return { kind: 'present' as const, handle: name }
  }
  const provider = limitCalls(
    {
      ...mock,
      ensure: gate('ensure'),
      inspect: gate('inspect'),
      remove: async () => {
        await gate('remove')()
        return 'absent'
      },
    },
    { each: 1, most: 1 },
  )
  const gaveUp = new AbortController()
  const calls = [
    provider.ensure(intent, within()),
    provider.ensure(intent, within()),
    provider.inspect(intent, within()),
    provider.remove(intent, within()),
  ]
  const late = provider.ensure(intent, within(gaveUp.signal))
  gaveUp.abort()
  await expect(late).rejects.toMatchObject({ kind: 'throttled' })
  for (const [at, name] of ['ensure', 'remove', 'ensure', 'inspect'].entries()) {
    await expect.poll(() => order).toHaveLength(at + 1)
    expect(order[at]).toBe(name)
    gates.get(name)?.()
  }
  await Promise.all(calls)
})
