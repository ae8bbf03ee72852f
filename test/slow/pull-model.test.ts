import { expect, test } from 'vitest'
import { runModel } from '../reconcile/model/run.ts'

/** In CI a tenth; each run begins somewhere else, and a failure prints where. */
const runs = Number(process.env.GITSUDO_MODEL_RUNS ?? (process.env.CI ? 1000 : 10_000))

test(`${runs} random sequences`, async () => {
  const tally = await runModel(runs, process.env.GITSUDO_SEED)
  console.log(JSON.stringify(tally))
  expect(tally['grant.intended'] ?? 0).toBeGreaterThan(runs / 10)
}, 3_600_000)
