import fc from 'fast-check'
import { expect, test } from 'vitest'
import { happenings } from './model/happening.ts'
import { play, type Tally } from './model/play.ts'

const runs = Number(process.env.GITSUDO_MODEL_RUNS ?? 150)
/** One seed unless told, so that a run says the same twice; `GITSUDO_SEED=random`: a new one, which a failure prints. */
const seed = process.env.GITSUDO_SEED === 'random' ? undefined : Number(process.env.GITSUDO_SEED ?? 1) || 1

test('whatever happens: only what trust.md allows is granted, once, and everything comes to rest', async () => {
  const tally: Tally = {}
  await fc.assert(
    fc.asyncProperty(happenings, fc.constantFrom(undefined, undefined, 'auto' as const), (what, merge) =>
      play(what, merge, tally),
    ),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }), endOnFailure: false },
  )
  console.log(tally)
  for (const type of [
    'grant.intended',
    'grant.refused',
    'grant.scheduled',
    'request.lapsed',
    'request.cancelled',
  ])
    expect(tally[type] ?? 0, type).toBeGreaterThan(0)
}, 600_000)
