// The attack: break what gitsudo asks, so that it does not see the review that says no, and hope that it takes
// silence for consent, or that a failure is counted as a refusal of somebody else's request. Trouble is no verdict:
// tried again, *not yet* with the name of what is missing, refused when `grantWindow` ends (trust.md 3.12).
import { expect, test } from 'vitest'
import { type Asked, admin } from '../support/world.ts'
import { type AttackWorld, timedWorld } from './support/world.ts'

const landed = async (t: AttackWorld, slug: string): Promise<{ asked: Asked; over: () => void }> => {
  const asked = await t.ask(slug, admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const over = t.github.admin.faults.api({
    answer: 'bad-gateway',
    path: new RegExp(`/pulls/${asked.number}/reviews`),
  })
  await t.land(asked.number)
  await t.pending(asked.head, 'GitHub')
  await t.nothingGranted(asked.number)
  return { asked, over }
}

test('what could not be read is read again, and then decided', async () => {
  const t = await timedWorld()
  const { asked, over } = await landed(t, 'trouble-over')
  over()
  await t.jump(60_000)
  await t.reached(asked.id, 'active')
})

test('what cannot be read until the window ends is refused', async () => {
  const t = await timedWorld()
  const { asked, over } = await landed(t, 'trouble-stays')
  try {
    await t.jump(61 * 60_000)
    expect(await t.refused(asked, 'no complete verdict within the grant window')).toContain('GitHub')
  } finally {
    over()
  }
})
