import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Provider, ProviderError } from '../../app/provider/port.ts'
import { kubernetesWorld } from '../support/kubernetes.ts'

let tired: Awaited<ReturnType<typeof kubernetesWorld>>
let well: Awaited<ReturnType<typeof kubernetesWorld>>
let provider: Provider
beforeEach(async () => {
  ;[tired, well] = await Promise.all([kubernetesWorld(), kubernetesWorld()])
  provider = tired.provider('ours', [
    { ...tired.production, name: 'tired' },
    { ...well.production, name: 'well' },
  ])
})
afterEach(() => Promise.all([tired.cluster.close(), well.cluster.close()]))

const never = new AbortController().signal
const intents = (cluster: string, count: number) =>
  Array.from({ length: count }, (_, n) => tired.intent(n + 1, { scope: `${cluster}/checkout` }))
const outcome = (work: Promise<unknown>) =>
  work.catch((error: unknown) => {
    if (error instanceof ProviderError) return error.kind
    throw error
  })

test('a cluster that throttles delays no other’s revocations, is left alone as it asks, and recovers', async () => {
  const [slow, quick] = [intents('tired', 100), intents('well', 100)]
  await Promise.all([...slow, ...quick].map((intent) => provider.ensure(intent, tired.call(50_000))))
  const clear = tired.cluster.faults.plan({ answer: 'throttled', on: ['DELETE'] })
  const before = tired.cluster.calls.get('DELETE') ?? 0

  const refused = slow.map((intent) => outcome(provider.remove(intent, tired.call(60_000))))
  const gone = await Promise.all(quick.map((intent) => outcome(provider.remove(intent, tired.call(60_000)))))
  expect(new Set(gone)).toEqual(new Set(['absent']))
  expect(new Set(await Promise.all(refused))).toEqual(new Set(['throttled']))
  // Those that were under way when it first said so, and what was tried after the second that it asked for.
  expect((tired.cluster.calls.get('DELETE') ?? 0) - before).toBeLessThanOrEqual(32 + 16 + 8)

  clear()
  await expect.poll(() => outcome(provider.remove(slow[0] ?? tired.intent(1), tired.call()))).toBe('absent')
  const rest = await Promise.all(slow.map((intent) => outcome(provider.remove(intent, tired.call()))))
  expect(new Set(rest)).toEqual(new Set(['absent']))
})

test('a cluster that hangs holds a few calls until their deadline, then one at a time; the other goes on', async () => {
  const [slow, quick] = [intents('tired', 60), intents('well', 100)]
  await Promise.all([...slow, ...quick].map((intent) => provider.ensure(intent, tired.call(50_000))))
  tired.cluster.faults.plan({ answer: 'hang' })
  const patience = slow.map(() => new AbortController())
  const over: string[] = []
  const lost = slow.map((intent, at) =>
    outcome(provider.remove(intent, { ...tired.call(), signal: patience[at]?.signal ?? never })).finally(() =>
      over.push(intent.grant),
    ),
  )
  const gone = await Promise.all(quick.map((intent) => outcome(provider.remove(intent, tired.call(60_000)))))
  expect(new Set(gone)).toEqual(new Set(['absent']))
  expect(over).toEqual([])
  for (const [at, one] of patience.entries()) {
    one.abort(new DOMException('given up', 'TimeoutError'))
    await lost[at]
  }
  expect(new Set(await Promise.all(lost))).toEqual(new Set(['unknown', 'throttled']))
  // Now it is known to be silent.
  const again = await Promise.all(slow.map((intent) => outcome(provider.remove(intent, tired.call(500)))))
  expect(again.filter((kind) => kind === 'unknown').length).toBeLessThanOrEqual(1)
})
