// The attack: break what gitsudo asks, so that it does not see the review that says no, and hope that it takes
// silence for consent, or that a failure is counted as a refusal of somebody else's request. Trouble is no verdict:
// tried again, *not yet* with the name of what is missing, refused when `grantWindow` ends (trust.md 3.12).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { type Asked, admin } from '../support/world.ts'
import { type AttackWorld, timedWorld } from './support/world.ts'

const answers = ['bad-gateway', 'secondary-limit', 'not-found'] as const

const undecided = (t: AttackWorld, pull: number, why: string) =>
  until(`pull request ${pull} to wait: ${why}`, async () => {
    const [row] = await t.query<{ verdict: string; summary: string }>(
      "select decision->>'verdict' verdict, decision->>'summary' summary from pulls where pull = $1",
      [pull],
    )
    return row?.verdict === 'not_yet' && row.summary.includes(why)
  })

const landed = async (
  t: AttackWorld,
  slug: string,
  answer: (typeof answers)[number],
): Promise<{ asked: Asked; over: () => void }> => {
  const asked = await t.ask(slug, admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const over = t.github.admin.faults.api({
    answer,
    retryAfterSeconds: 5,
    path: new RegExp(`/pulls/${asked.number}/reviews`),
  })
  await t.land(asked.number)
  // While GitHub asks to wait it is told nothing either (6.28).
  if (answer === 'secondary-limit') await undecided(t, asked.number, 'GitHub asks to wait')
  else await t.pending(asked.head, 'GitHub')
  await t.nothingGranted(asked.number)
  return { asked, over }
}

test.each(answers)('what could not be read (%s) is read again, and then decided', async (answer) => {
  const t = await timedWorld()
  const { asked, over } = await landed(t, `trouble-over-${answer}`, answer)
  over()
  // What GitHub says is not there is asked for less often.
  await t.jump(6 * 60_000)
  await t.reached(asked.id, 'active')
})

test.each(answers)('what cannot be read (%s) until the window ends is refused', async (answer) => {
  const t = await timedWorld()
  const { asked, over } = await landed(t, `trouble-stays-${answer}`, answer)
  try {
    await t.jump(61 * 60_000)
    expect(await t.refused(asked, 'no complete verdict within the grant window')).toContain('GitHub')
  } finally {
    over()
  }
})
