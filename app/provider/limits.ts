import type { Lane } from '../reconcile/turns/next-turn.ts'
import { createTurns } from '../reconcile/turns/turns.ts'
import { type Asked, aroundCalls } from './around.ts'
import { outcomeOf } from './outcome.ts'
import type { Provider } from './port.ts'
import { untilAborted } from './until-aborted.ts'

/** Calls under way at once: in one place, and in all of a provider's, so that three that hang leave room for others. */
const limits = { each: 32, most: 128 }

const lanes: Readonly<Record<Asked['name'], Lane>> = {
  remove: 'takes',
  cutBack: 'takes',
  discard: 'takes',
  ensure: 'gives',
  observe: 'gives',
  credentials: 'gives',
  limits: 'looks',
  inspect: 'looks',
  regained: 'looks',
  list: 'looks',
  check: 'looks',
}

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
  return aroundCalls(provider, ({ name, scope, call: { signal, turnBy = signal } }, work) =>
    turns(
      { lane: lanes[name], place: scope === undefined ? '' : provider.account(scope), signal, turnBy },
      // A call that its caller has given up keeps no turn, whenever it ends.
      () => untilAborted(signal, work),
    ),
  )
}
