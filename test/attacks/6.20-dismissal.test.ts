// The attack: dismiss the no oneself. Whoever can write may dismiss reviews, the requester too; the approval that the
// reviewer gave before, and the one before that, are still on GitHub's list. A dismissal takes away and gives nothing:
// only a fresh approval counts (trust.md 6.20, 2.4).
import { test } from 'vitest'
import { admin } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('after a dismissal by the requester only a fresh approval counts', async () => {
  const t = await attackWorld()
  const dismissed = async (slug: string) => {
    const asked = await t.ask(slug, admin)
    await t.approve(asked.number, 'bob', 'bob', 'carol')
    await t.checked(asked.head, 'success')
    await t.people.bob.review(asked.number, 'REQUEST_CHANGES', 'I was wrong')
    await t.checked(asked.head, 'failure', 'denied by bob')
    const reviews = `/pulls/${asked.number}/reviews`
    const all = await t.api<readonly { id: number; state: string }[]>('GET', reviews)
    const no = all.find(({ state }) => state === 'CHANGES_REQUESTED')?.id
    await t.api('PUT', `${reviews}/${no}/dismissals`, { message: 'settled in person' }, 'alice')
    await t.checked(asked.head, 'action_required', "bob's latest review was dismissed")
    return asked
  }
  const merged = await dismissed('dismissed-merged')
  await t.land(merged.number)
  await t.refused(merged, "bob's latest review was dismissed")

  const again = await dismissed('dismissed-again')
  await t.approve(again.number, 'bob')
  await t.checked(again.head, 'success')
  await t.land(again.number, 'bob')
  await t.reached(again.id, 'active')
})
