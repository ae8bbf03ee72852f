// The attack: count an approval that its author has taken back: by a later CHANGES_REQUESTED, by a dismissal, or by
// dismissing the CHANGES_REQUESTED that had replaced it, so that the old approval shines through again. A person's
// latest review with a state is what they say, and what was ended stays so (trust.md 2.4, 6.20).
import { test } from 'vitest'
import { admin } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

const approved = async (slug: string) => {
  const t = await attackWorld()
  const asked = await t.ask(slug, admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const dismiss = async (state: string) => {
    const all = await t.api<readonly { id: number; state: string; user: { login: string } }[]>(
      'GET',
      `/pulls/${asked.number}/reviews`,
    )
    const id = all.find((one) => one.state === state && one.user.login === 'bob')?.id
    await t.api('PUT', `/pulls/${asked.number}/reviews/${id}/dismissals`, { message: 'no longer' })
  }
  return { t, asked, dismiss }
}

test('changes asked for afterwards end the approval', async () => {
  const { t, asked } = await approved('later-no')
  await t.people.bob.review(asked.number, 'REQUEST_CHANGES', 'wait')
  await t.checked(asked.head, 'failure', 'denied by bob')
  await t.land(asked.number)
  await t.refused(asked, 'denied by bob')
})

test('a dismissed approval is none', async () => {
  const { t, asked, dismiss } = await approved('dismissed')
  await dismiss('APPROVED')
  await t.checked(asked.head, 'action_required', 'latest review was dismissed')
  await t.land(asked.number)
  await t.refused(asked, 'latest review was dismissed')
})

test('dismissing what replaced an approval does not revive it', async () => {
  const { t, asked, dismiss } = await approved('not-revived')
  await t.people.bob.review(asked.number, 'REQUEST_CHANGES', 'wait')
  await t.checked(asked.head, 'failure', 'denied by bob')
  await dismiss('CHANGES_REQUESTED')
  await t.checked(asked.head, 'action_required', 'latest review was dismissed')
  await t.land(asked.number)
  await t.refused(asked, 'latest review was dismissed')
})
