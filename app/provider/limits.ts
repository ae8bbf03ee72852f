import type { Lane } from '../reconcile/turns/next-turn.ts'
import { createTurns } from '../reconcile/turns/turns.ts'
import { outcomeOf } from './outcome.ts'
import type { Call, Provider } from './port.ts'
import { untilAborted } from './until-aborted.ts'

/** Calls under way at once: in one place, and in all of a provider's, so that three that hang leave room for others. */
const limits = { each: 32, most: 128 }

/**
 * A provider whose calls take turns, adapted to what each place answers: what takes access away first, then what gives,
 * then what compares. A flood of new grants must not keep old ones alive, nor one account another's.
 * @param back told of an account that was away and has answered again to what takes access away
 */
export const limitCalls = (
  provider: Provider,
  { each, most } = limits,
  back?: (account: string) => void,
): Provider => {
  const turns = createTurns(provider.name, { each, most }, outcomeOf, back)
  const run = <T>(
    lane: Lane,
    scope: string | undefined,
    { signal, turnBy = signal }: Call,
    work: () => Promise<T>,
  ) =>
    turns({ lane, place: scope === undefined ? '' : provider.account(scope), signal, turnBy }, () =>
      // A call that its caller has given up keeps no turn, whenever it ends.
      untilAborted(signal, work),
    )
  const { credentials, cutBack, discard, environment, lingerMs, observe, regained } = provider
  return {
    name: provider.name,
    traits: provider.traits,
    propagationMs: provider.propagationMs,
    account: (scope) => provider.account(scope),
    bindingKey: (intent) => provider.bindingKey(intent),
    remove: (intent, call) => run('takes', intent.scope, call, () => provider.remove(intent, call)),
    inspect: (intent, call) => run('looks', intent.scope, call, () => provider.inspect(intent, call)),
    list: (call, intents) => run('looks', undefined, call, () => provider.list(call, intents)),
    check: (call) => run('looks', undefined, call, () => provider.check(call)),
    ensure: (intent, call) => run('gives', intent.scope, call, () => provider.ensure(intent, call)),
    ...(cutBack === undefined
      ? {}
      : {
          cutBack: (intent, call) =>
            run('takes', intent.scope, call, () => cutBack.call(provider, intent, call)),
        }),
    ...(discard === undefined
      ? {}
      : {
          discard: (found, call) =>
            run('takes', found.scope, call, () => discard.call(provider, found, call)),
        }),
    ...(observe === undefined
      ? {}
      : {
          observe: (intent, call) =>
            run('gives', intent.scope, call, () => observe.call(provider, intent, call)),
        }),
    ...(regained === undefined
      ? {}
      : {
          regained: (intents, call) =>
            run('looks', intents[0]?.scope, call, () => regained.call(provider, intents, call)),
        }),
    ...(environment === undefined ? {} : { environment: (intent) => environment.call(provider, intent) }),
    ...(lingerMs === undefined ? {} : { lingerMs: (intent) => lingerMs.call(provider, intent) }),
    ...(credentials === undefined
      ? {}
      : {
          credentials: (intent, session, call) =>
            run('gives', intent.scope, call, () => credentials.call(provider, intent, session, call)),
        }),
  }
}
