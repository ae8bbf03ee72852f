import fc from 'fast-check'
import { happenings } from './happening.ts'
import { play, type Tally } from './play.ts'

/**
 * Plays so many sequences. The same seed gives the same ones; without a number each run has its own, and a failure
 * prints it with the reduced sequence.
 */
export const runModel = async (runs: number, seed: string | undefined): Promise<Tally> => {
  const tally: Tally = {}
  const from = Number.parseInt(seed ?? '', 10)
  await fc.assert(
    fc.asyncProperty(happenings, fc.constantFrom(undefined, undefined, 'auto' as const), (what, merge) =>
      play(what, merge, tally),
    ),
    { numRuns: runs, ...(Number.isNaN(from) ? {} : { seed: from }), endOnFailure: false },
  )
  return tally
}
