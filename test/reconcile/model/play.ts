import { expect } from 'vitest'
import { catchUp } from '../../../app/reconcile/catch-up.ts'
import { happen } from './happen.ts'
import type { Happening } from './happening.ts'
import { createWatch } from './invariants.ts'
import { setStage } from './stage.ts'

const second = 1000
const minute = 60 * second

/** How often what came of a sequence. */
export type Tally = Record<string, number>

/** Plays one sequence and then lets the world come to rest; throws where something came of it that must not. */
export const play = async (
  happenings: readonly Happening[],
  merge: 'auto' | undefined,
  tally: Tally,
): Promise<void> => {
  const stage = await setStage(merge)
  const { world } = stage
  const watch = createWatch(stage)
  for (const what of happenings) {
    world.clock.advance(second)
    await happen(stage, what)
    await watch.look()
  }
  world.hub.meet(() => undefined)
  world.hub.git.away(false)
  await catchUp(world.deps)
  await world.settle()
  await watch.look()
  await world.pass(2 * minute)
  await watch.look()
  await watch.atRest()
  await world.pass(4 * 60 * minute)
  await watch.look()
  for (const row of world.store.grantRows())
    expect(['ended', 'refused', 'failed'], `${row.id} past its end`).toContain(row.state)
  for (const { type } of world.ledger.events()) tally[type] = (tally[type] ?? 0) + 1
}
