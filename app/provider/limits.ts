import { type Call, type Provider, ProviderError } from './port.ts'

/**
 * A provider that is asked at most `concurrency` things at once. When it is full, what takes access away goes
 * before what looks, and that before what gives: a flood of new grants must not keep old ones alive.
 */
export const limitCalls = (provider: Provider, concurrency = 32): Provider => {
  const run = createQueue(concurrency, provider.name)
  const { credentials, cutBack, discard, lingerMs, observe } = provider
  return {
    name: provider.name,
    traits: provider.traits,
    propagationMs: provider.propagationMs,
    bindingKey: (intent) => provider.bindingKey(intent),
    remove: (intent, call) => run('takes', call, () => provider.remove(intent, call)),
    inspect: (intent, call) => run('looks', call, () => provider.inspect(intent, call)),
    list: (call, intents) => run('looks', call, () => provider.list(call, intents)),
    check: (call) => run('looks', call, () => provider.check(call)),
    ensure: (intent, call) => run('gives', call, () => provider.ensure(intent, call)),
    ...(cutBack === undefined
      ? {}
      : { cutBack: (intent, call) => run('takes', call, () => cutBack.call(provider, intent, call)) }),
    ...(discard === undefined
      ? {}
      : { discard: (found, call) => run('takes', call, () => discard.call(provider, found, call)) }),
    ...(observe === undefined
      ? {}
      : { observe: (intent, call) => run('gives', call, () => observe.call(provider, intent, call)) }),
    ...(lingerMs === undefined ? {} : { lingerMs: (intent) => lingerMs.call(provider, intent) }),
    ...(credentials === undefined
      ? {}
      : {
          credentials: (intent, session, call) =>
            run('gives', call, () => credentials.call(provider, intent, session, call)),
        }),
  }
}

const lanes = ['takes', 'looks', 'gives'] as const
type Lane = (typeof lanes)[number]

const createQueue = (concurrency: number, provider: string) => {
  let running = 0
  const waiting: Record<Lane, Set<() => void>> = { takes: new Set(), looks: new Set(), gives: new Set() }

  const next = (): void => {
    for (const lane of lanes) {
      for (const go of waiting[lane]) {
        waiting[lane].delete(go)
        go()
        return
      }
    }
    running--
  }

  const turn = (lane: Lane, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const go = () => {
        signal.removeEventListener('abort', late)
        resolve()
      }
      const late = () => {
        waiting[lane].delete(go)
        reject(
          new ProviderError('throttled', `${provider} is busy: the call's time was up before its turn came`),
        )
      }
      signal.addEventListener('abort', late, { once: true })
      waiting[lane].add(go)
    })

  return async <T>(lane: Lane, call: Call, work: () => Promise<T>): Promise<T> => {
    if (running < concurrency) running++
    else await turn(lane, call.signal)
    try {
      return await work()
    } finally {
      next()
    }
  }
}
