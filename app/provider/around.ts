import type { Intent } from '../grant/intent.ts'
import type { Call, Provider } from './port.ts'

/** What one call asks of a cloud: about which grants, in which scope; of all there is where it names none. */
export type Asked = {
  readonly name:
    | 'inspect'
    | 'ensure'
    | 'remove'
    | 'limits'
    | 'observe'
    | 'credentials'
    | 'cutBack'
    | 'discard'
    | 'regained'
    | 'list'
    | 'check'
  readonly call: Call
  readonly intents: readonly Intent[]
  readonly scope?: string
  readonly grant?: string
}

/** The provider with `around` about each of its calls; what asks no cloud stays as it is. */
export const aroundCalls = (
  provider: Provider,
  around: <T>(asked: Asked, work: () => Promise<T>) => Promise<T>,
): Provider => {
  const about = <T>(name: Asked['name'], intent: Intent, call: Call, work: () => Promise<T>): Promise<T> =>
    around({ name, call, intents: [intent], scope: intent.scope, grant: intent.grant }, work)
  const { credentials, cutBack, discard, environment, limits, lingerMs, observe, regained } = provider
  return {
    name: provider.name,
    traits: provider.traits,
    propagationMs: provider.propagationMs,
    account: (scope) => provider.account(scope),
    bindingKey: (intent) => provider.bindingKey(intent),
    inspect: (intent, call) => about('inspect', intent, call, () => provider.inspect(intent, call)),
    ensure: (intent, call) => about('ensure', intent, call, () => provider.ensure(intent, call)),
    remove: (intent, call) => about('remove', intent, call, () => provider.remove(intent, call)),
    list: (call, intents) => around({ name: 'list', call, intents: [] }, () => provider.list(call, intents)),
    check: (call) => around({ name: 'check', call, intents: [] }, () => provider.check(call)),
    ...(limits && {
      limits: (of, call) =>
        around({ name: 'limits', call, intents: [], scope: of.scope }, () => limits.call(provider, of, call)),
    }),
    ...(observe && {
      observe: (intent, call) => about('observe', intent, call, () => observe.call(provider, intent, call)),
    }),
    ...(credentials && {
      credentials: (intent, session, call) =>
        about('credentials', intent, call, () => credentials.call(provider, intent, session, call)),
    }),
    ...(cutBack && {
      cutBack: (intent, call) => about('cutBack', intent, call, () => cutBack.call(provider, intent, call)),
    }),
    ...(discard && {
      discard: (found, call) => {
        const { grant, scope } = found
        const where = scope === undefined ? {} : { scope }
        return around({ name: 'discard', call, intents: [], grant, ...where }, () =>
          discard.call(provider, found, call),
        )
      },
    }),
    ...(regained && {
      regained: (intents, call) => {
        const [one] = intents
        const scope = one === undefined ? {} : { scope: one.scope }
        return around({ name: 'regained', call, intents, ...scope }, () =>
          regained.call(provider, intents, call),
        )
      },
    }),
    ...(environment && { environment: (intent) => environment.call(provider, intent) }),
    ...(lingerMs && { lingerMs: (intent) => lingerMs.call(provider, intent) }),
  }
}
