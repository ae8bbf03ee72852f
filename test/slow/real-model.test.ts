import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Happening, happenings } from '../reconcile/model/happening.ts'
import { tenth } from '../support/tenth.ts'
import { createJudge } from './real-model/judge.ts'
import { play } from './real-model/play.ts'
import type { Needs } from './real-model/rules.ts'
import { setStage } from './real-model/stage.ts'

/** The pull-request model's happenings, fewer in a row, held against the same restatement of trust.md. */
const day = process.env.GITSUDO_SEED ?? new Date().toISOString().slice(0, 10)
const seed = Number.parseInt(day.replaceAll('-', ''), 10)
/** Many sequences lead to no merge by themselves. */
const ending: readonly Happening[] = [
  { kind: 'work' },
  { kind: 'merge', pull: 1, how: 'merge', stowaway: false, approved: true },
  { kind: 'work' },
]
const sequences = fc
  .sample(fc.tuple(fc.constantFrom<Needs>('nobody', 'two', 'apart'), happenings(4, 10), fc.boolean()), {
    numRuns: 150,
    ...(Number.isNaN(seed) ? {} : { seed }),
  })
  .map(([needs, what, ends], index) => ({
    slug: `s${index}`,
    needs,
    what: ends ? [...what, ...ending] : what,
  }))

test(`150 random sequences through Git, HTTP and PostgreSQL, GITSUDO_SEED=${day}`, async () => {
  const chosen = tenth(sequences)
  const stage = await setStage()
  const judge = createJudge(stage)
  try {
    for (const { slug, needs, what } of chosen) {
      await play(stage, judge, slug, needs, what).catch((error: unknown) => {
        throw new Error(`${slug}, ${needs}: ${JSON.stringify(what, null, 1)}`, { cause: error })
      })
    }
    const verified = await stage.t.verifyLedger()
    expect([verified.status, verified.stdout]).toEqual([0, expect.stringMatching(/^Chain intact/m)])
  } finally {
    await stage.close()
  }
  const given = judge.events().filter(({ type }) => type === 'grant.intended')
  console.log(`${chosen.length} sequences, ${judge.events().length} events, ${given.length} grants`)
  expect(given.length).toBeGreaterThan(chosen.length / 10)
}, 5_400_000)
