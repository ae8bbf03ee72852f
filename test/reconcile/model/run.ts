import fc from 'fast-check'
import { happenings } from './happening.ts'
import { play, type Tally } from './play.ts'

/**
 * Plays so many sequences. The same seed, a number or a day, gives the same ones; another word gives new ones, and a
 * failure prints their number with the reduced sequence.
 */
export const runModel = async (runs: number, seed: string): Promise<Tally> => {
  const tally: Tally = {}
  const from = Number.parseInt(seed.replaceAll('-', ''), 10)
  await fc.assert(
    fc.asyncProperty(
      happenings(10, 45),
      fc.constantFrom(undefined, undefined, 'auto' as const),
      (what, merge) => play(what, merge, tally),
    ),
    { numRuns: runs, ...(Number.isNaN(from) ? {} : { seed: from }), endOnFailure: false },
  )
  return tally
}
