import { expect } from 'vitest'
import type { Happening } from '../../reconcile/model/happening.ts'
import { endsOf, outliving } from '../../support/restatement/ends.ts'
import { happen } from './happen.ts'
import type { createJudge } from './judge.ts'
import { restorePolicies } from './policies.ts'
import { createRecord } from './record.ts'
import type { Needs } from './rules.ts'
import type { Stage } from './stage.ts'

const second = 1000
const minute = 60 * second

/** Plays one sequence and then lets the world come to rest; throws where something came of it that must not. */
export const play = async (
  stage: Stage,
  judge: ReturnType<typeof createJudge>,
  slug: string,
  needs: Needs,
  happenings: readonly Happening[],
): Promise<void> => {
  const { t } = stage
  const record = createRecord(stage, slug, needs)
  await stage.move('erin', record.branch('side'), 'origin/main')
  await record.look()
  const rest = async (): Promise<void> => {
    stage.release()
    await stage.quiet()
    await judge.look(record)
    record.forget()
  }
  for (const what of happenings) {
    await t.advance(second)
    await happen(stage, record, what)
    await record.look()
    if (what.kind === 'work') await rest()
  }
  stage.be(false)
  const shaken = happenings.some(({ kind }) => kind === 'lose' || kind === 'killed' || kind === 'away')
  if (shaken) {
    // What failed a moment ago may still be on its way, and is not asked for again before.
    await t.advance(minute)
    stage.release()
    await stage.kill()
  }
  await rest()
  const outlived = async (): Promise<void> =>
    expect(outliving(judge.events(), await stage.bindings(), t.clock.now()), 'given past its end').toEqual([])
  // What starts later starts within this, and whatever was in trouble is looked at again.
  const late = shaken || happenings.some((what) => 'text' in what && what.text === 'later')
  if (late) {
    await t.jump(50 * minute)
    await rest()
    await outlived()
  }
  // Each end is looked at as it comes.
  for (const end of [...endsOf(judge.events()).values()].sort((a, b) => a - b)) {
    if (end + second <= t.clock.now()) continue
    await t.jump(end + second - t.clock.now())
    await rest()
    await outlived()
  }
  await t.jump(4 * 60 * minute)
  await rest()
  const own = new Set(record.pulls().map(({ number }) => number))
  const rows = await t.query<{ id: string; state: string; pull: number }>(
    'select r.id, coalesce(g.state, r.state) as state, r.pull from requests r left join grants g using (id)',
  )
  for (const { id, state, pull } of rows.filter((row) => own.has(row.pull))) {
    const { merged, state: open } = record.pulls().find(({ number }) => number === pull) ?? {}
    const allowed =
      merged !== undefined
        ? ['ended', 'refused', 'failed', 'cancelled', 'lapsed']
        : open === 'closed'
          ? ['cancelled', 'lapsed']
          : ['pending', 'approved', 'denied', 'cancelled', 'lapsed']
    expect(allowed, `${id} at the end`).toContain(state)
  }
  expect(await stage.bindings(), 'given past its end').toEqual([])
  record.restorePeople()
  await restorePolicies(stage, record)
  await record.look()
  await rest()
}
