import { expect, test } from 'vitest'
import { runModel } from './model/run.ts'

/** One seed unless told, so that a run says the same twice; `GITSUDO_SEED=random`: a new one, which a failure prints. */
const seed = process.env.GITSUDO_SEED ?? '1'
const runs = Number(process.env.GITSUDO_MODEL_RUNS ?? 150)

test('whatever happens: only what trust.md allows is granted, once, and everything comes to rest', async () => {
  const tally = await runModel(runs, seed)
  const often = ['grant.intended', 'grant.refused', 'grant.revoked', 'request.lapsed', 'request.cancelled']
  for (const type of often) expect(tally[type] ?? 0, type).toBeGreaterThan(0)
}, 600_000)
