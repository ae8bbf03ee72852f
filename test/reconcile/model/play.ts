import { expect } from 'vitest'
import { catchUp } from '../../../app/reconcile/catch-up.ts'
import { endsOf } from '../../support/restatement/ends.ts'
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
  await watch.nothingOutlives()
  // Everything has ended by then, what starts later included; each end is looked at as it comes.
  const done = world.clock.now() + 4 * 60 * minute
  while (world.clock.now() < done) {
    const now = world.clock.now()
    const ends = [...endsOf(world.ledger.events()).values()].map((end) => end + second)
    const next = Math.min(done, now + 20 * minute, ...ends.filter((end) => end > now))
    await world.pass(next - now)
    await watch.look()
    await watch.nothingOutlives()
  }
  for (const row of world.store.grantRows())
    expect(['ended', 'refused', 'failed'], `${row.id} past its end`).toContain(row.state)
  expect(await world.bindings.all(), 'given past everything').toEqual([])
  for (const { type } of world.ledger.events()) tally[type] = (tally[type] ?? 0) + 1
}
