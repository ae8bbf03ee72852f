import { expect, test } from 'vitest'
import { runModel } from '../reconcile/model/run.ts'

/** All of them, each run from another beginning; in CI a tenth, begun with the day unless `GITSUDO_SEED` is set. */
const { CI, GITSUDO_MODEL_RUNS, GITSUDO_SEED } = process.env
const runs = Number(GITSUDO_MODEL_RUNS ?? (CI ? 1000 : 10_000))
const seed = GITSUDO_SEED ?? (CI ? new Date().toISOString().slice(0, 10) : 'random')

test(`${runs} random sequences, GITSUDO_SEED=${seed}`, async () => {
  const tally = await runModel(runs, seed)
  console.log(JSON.stringify(tally))
  expect(tally['grant.intended'] ?? 0).toBeGreaterThan(runs / 10)
}, 3_600_000)
