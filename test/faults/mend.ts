import { type Mischief, nameOf } from './cell.ts'
import { type Cloud, deedOf } from './clouds/cloud.ts'
import type { Part } from './cohort.ts'
import { compareUntil, idle } from './compare.ts'
import type { createFaultPlan } from './plan-faults.ts'
import type { Replica } from './replica.ts'
import { leap } from './settle.ts'
import type { Stage } from './stage.ts'

/** Faults that are over show others, which end in turn: so often at most. */
const rounds = 8
/** By everybody's clock. */
const betweenMs = 10_000

type Member = Part & { readonly id: string; readonly in: Cloud; readonly slot: string }

/** The faults of the cohort. */
type Faults = Pick<ReturnType<typeof createFaultPlan>, 'heal' | 'clear' | 'met'>

export const titleOf = ({ cell, cloud, fate }: Part): string =>
  cell === undefined ? `${cloud}, ${fate}` : nameOf(cell)

/** Where something of the mischief is left, by name. */
const unmended = async (members: readonly Member[], what: Mischief): Promise<readonly string[]> => {
  const found = await Promise.all(
    members.map(async (one) =>
      (await deedOf(one.in, what)?.isMended(one.slot)) === true ? [] : [`${titleOf(one)}: not mended`],
    ),
  )
  return found.flat()
}

/**
 * Others do their mischief, and comparisons follow each other: until `last` (epoch ms) under the faults, then without those
 * that were met. By then every fault of the phase was met, and what was done is undone.
 * @param begin the phase
 * @returns where it is not, by name
 */
export const mend = async (
  how: {
    readonly stage: Stage
    readonly replica: Replica
    readonly faults: Faults
    readonly begin: () => void
  },
  members: readonly Member[],
  what: Mischief,
  last: number,
): Promise<readonly string[]> => {
  const { stage, replica, faults } = how
  const some = members.filter(({ fate }) => fate === what)
  if (some.length === 0) return []
  await idle(stage, replica)
  how.begin()
  for (const one of some) await deedOf(one.in, what)?.do(one.slot)
  const providers = [...new Set(some.map((one) => one.in.provider))]
  const isMended = async () => (await unmended(some, what)).length === 0
  const isDone = async () => faults.met(what) && (await isMended())
  await compareUntil(stage, replica, providers, isMended, last, 1)
  for (let round = 1; round <= rounds && !(await isDone()); round++) {
    if (round === rounds) faults.clear()
    else faults.heal()
    for (const cloud of stage.clouds) cloud.hangUp()
    await leap(stage, betweenMs)
    await stage.queue.wake(some.map(({ id: key }) => ({ queue: 'grant', key })))
    await compareUntil(stage, replica, providers, isDone, stage.world.clock.now(), 1)
  }
  return unmended(some, what)
}
