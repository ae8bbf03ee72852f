import type { Intent } from '../../grant/intent.ts'
import type { Call, Observation, Provider } from '../../provider/port.ts'
import { type BindingLock, lastOf, sharersOf } from './binding.ts'
import { ask, type Question } from './call.ts'
import type { LookDeps } from './deps.ts'
import { placeLost } from './place-lost.ts'
import type { Situation } from './situation.ts'

/** Asks the cloud what the grant's binding gives now. `within`: what the question is asked in. */
export const inspect = async (
  deps: LookDeps,
  situation: Situation,
  signal: AbortSignal,
  within: (question: Question) => Question = (question) => question,
): Promise<Situation> => {
  const unplaced = await placeLost(deps, situation)
  if (unplaced !== undefined) return { ...situation, seen: unplaced }
  const { provider } = situation
  const { intent } = situation.ledger
  const { seen } = await ask(
    deps,
    situation,
    signal,
    within((cloud, wanted, call) => cloud.inspect(wanted, call)),
  )
  if (provider === undefined || intent === undefined) return { ...situation, seen }
  const { endsAt } = await longest(deps, provider, intent)
  return { ...situation, seen, sharedUntil: endsAt }
}

/** Of the live grants that share the binding the one that ends last: no other needs more of it. */
const longest = async (deps: LookDeps, provider: Provider, intent: Intent): Promise<Intent> =>
  lastOf(intent, await sharersOf(deps, provider, intent))

/** Has the cloud leave no more of the grant's binding than its intent and those of its sharers say. */
export const cutBack = async (
  deps: LookDeps,
  lock: BindingLock,
  situation: Situation,
  why: string,
  signal: AbortSignal,
): Promise<Situation> => {
  const { intent } = situation.ledger
  if (intent === undefined) throw new Error('nothing says what to cut it back to')
  let last = intent
  const { seen } = await ask(deps, situation, signal, (cloud, wanted, call) =>
    lock('takes', cloud, wanted, call, async () => {
      last = await longest(deps, cloud, wanted)
      return narrow(cloud, last, call)
    }),
  )
  deps.log.warn('cut back', { grant: situation.row.id, why, now: seen.kind })
  return { ...situation, seen, sharedUntil: last.endsAt, cut: why }
}

const narrow = (cloud: Provider, intent: Intent, call: Call): Promise<Observation> => {
  if (cloud.cutBack === undefined) throw new Error(`${cloud.name} cannot cut a binding back`)
  return cloud.cutBack(intent, call)
}
