import type { Intent } from '../../grant/intent.ts'
import { nextStep } from '../../grant/next-step.ts'
import type { Seen, Step } from '../../grant/step.ts'
import type { Call, Provider } from '../../provider/port.ts'
import { type BindingLock, lastOf, sharersOf } from './binding.ts'
import { ask, type Question } from './call.ts'
import { inspect } from './cut-back.ts'
import type { LookDeps } from './deps.ts'
import { placeLost } from './place-lost.ts'
import type { done, moved } from './record.ts'
import { type Situation, viewOf } from './situation.ts'

/** What an end by the step that follows a removal comes to. */
export type End = (
  after: Situation,
  step: Extract<Step, { kind: 'end' | 'fail' }>,
) => Promise<Situation | typeof done | typeof moved>

/**
 * Has the cloud take away what is this grant's alone. If that ends it, `end` records so while the lock is held: who
 * counts the binding's sharers next must not count this one, whose end nothing sealed may say yet.
 */
export const remove = async (
  deps: LookDeps,
  lock: BindingLock,
  situation: Situation,
  signal: AbortSignal,
  end: End,
): ReturnType<End> => {
  const unplaced = await placeLost(deps, situation)
  if (unplaced !== undefined) return { ...situation, seen: unplaced }
  const { ended, within } = ending(deps, lock, situation, end)
  const { seen } = await ask(
    deps,
    situation,
    signal,
    within((cloud, wanted, call) => takeAway(deps, cloud, wanted, call)),
  )
  return ended[0] ?? { ...situation, seen }
}

/** The same for a grant that nobody revoked and whose end has not come: of what a look may not show. */
export const clear = async (
  deps: LookDeps,
  lock: BindingLock,
  situation: Situation,
  signal: AbortSignal,
  end: End,
): ReturnType<End> => {
  const after = await remove(deps, lock, { ...situation, cleared: true }, signal, end)
  // Who may take nothing away may still see that there is nothing.
  const refused =
    typeof after === 'object' && after.seen?.kind === 'trouble' && after.row.tries >= after.seen.patience
  if (!refused) return after
  const { ended, within } = ending(deps, lock, after, end)
  const looked = await inspect(deps, after, signal, within)
  return ended[0] ?? looked
}

/** `within`: the question asked and answered with the lock held, and what `end` came to where the answer is the end. */
const ending = (deps: LookDeps, lock: BindingLock, situation: Situation, end: End) => {
  const ended: Awaited<ReturnType<End>>[] = []
  const within =
    (question: Question): Question =>
    (cloud, wanted, call) =>
      lock('takes', cloud, wanted, call, async () => {
        const seen = await question(cloud, wanted, call)
        const after = { ...situation, seen }
        const step = nextStep(viewOf(deps, after), deps.clock.now())
        if (step.kind === 'end' || step.kind === 'fail') ended.push(await end(after, step))
        return seen
      })
  return { ended, within }
}

const takeAway = async (deps: LookDeps, cloud: Provider, wanted: Intent, call: Call): Promise<Seen> => {
  const [one, ...others] = await sharersOf(deps, cloud, wanted)
  if (one === undefined) return { kind: await cloud.remove(wanted, call) }
  // It may have been made to last as long as this grant.
  await cloud.cutBack?.(lastOf(one, others), call)
  return { kind: 'shared', by: [one, ...others].map(({ grant }) => grant).sort() }
}
