import type { Ports } from '../../app/compose/ports.ts'
import { refusal } from '../../app/provider/mock/faults.ts'
import { type Call, type Provider, ProviderError } from '../../app/provider/port.ts'

/** What a call of the mock meets; without an answer it meets no end. */
export type MockAnswer = 'nothing' | 'throttled' | 'unavailable' | 'forbidden' | 'conflict' | 'lost'

/**
 * The same ports, over a mock whose every call asks `url` first what it meets: POST `{call, said}`, answered with a
 * `MockAnswer`.
 */
export const withMockFaults = (ports: Ports, url: string): Ports => ({
  ...ports,
  providers: new Map(
    [...ports.providers].map(([name, provider]) => [
      name,
      name === 'mock' ? asking(provider, url) : provider,
    ]),
  ),
})

const asking = (mock: Provider, url: string): Provider => {
  const meet = async <T>(
    name: string,
    about: unknown,
    { signal }: Call,
    work: () => Promise<T>,
  ): Promise<T> => {
    const body = JSON.stringify({ call: name, said: JSON.stringify(about) })
    const answer = await (await fetch(url, { method: 'POST', body, signal })).text()
    const kind = answer as MockAnswer
    const refused = kind === 'nothing' ? undefined : refusal({ kind })
    if (refused !== undefined) throw refused
    const done = await work()
    if (kind === 'lost') throw new ProviderError('unknown', 'the answer was lost')
    return done
  }
  const { credentials, cutBack, discard } = mock
  return {
    ...mock,
    inspect: (intent, call) => meet('inspect', intent, call, () => mock.inspect(intent, call)),
    ensure: (intent, call) => meet('ensure', intent, call, () => mock.ensure(intent, call)),
    remove: (intent, call) => meet('remove', intent, call, () => mock.remove(intent, call)),
    list: (call, intents) => meet('list', [], call, () => mock.list(call, intents)),
    ...(cutBack === undefined
      ? {}
      : { cutBack: (intent, call) => meet('cutBack', intent, call, () => cutBack(intent, call)) }),
    ...(discard === undefined
      ? {}
      : { discard: (found, call) => meet('discard', found, call, () => discard(found, call)) }),
    ...(credentials === undefined
      ? {}
      : {
          credentials: (intent, session, call) =>
            meet('credentials', intent, call, () => credentials(intent, session, call)),
        }),
  }
}
