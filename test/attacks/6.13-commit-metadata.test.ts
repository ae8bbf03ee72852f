// The attack: sign with another's name. Nothing stops anybody from writing commits whose author is an approver, or
// trailers that say who approved; and by naming as co-author whoever said no, one might have their refusal thrown out
// as that of somebody involved. Metadata bans, and never credits (trust.md 6.13).
import { test } from 'vitest'
import { admin } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('trailers and authors approve nothing, and whom they name is out', async () => {
  const t = await attackWorld()
  const asked = await t.ask('metadata-credits', admin)
  const mine = await t.clone('alice', asked.branch)
  const trailers = 'More\n\nReviewed-by: Carol <carol@example.com>\nApproved-by: Carol <carol@example.com>'
  const head = await mine.commit({}, '--message', trailers, '--author', 'Bob <bob@example.com>')
  await mine.git('push', '--quiet', 'origin', asked.branch)
  await t.checked(head, 'action_required')
  await t.approve(asked.number, 'bob')
  await t.checked(head, 'action_required', 'bob wrote a commit')
  await t.land(asked.number)
  await t.refused(asked, 'bob wrote a commit')
})

test('naming somebody as co-author does not take their refusal away', async () => {
  const t = await attackWorld()
  const asked = await t.ask('metadata-silences', admin)
  await t.people.bob.review(asked.number, 'REQUEST_CHANGES', 'no')
  const mine = await t.clone('alice', asked.branch)
  const head = await mine.commit({}, '--message', 'More\n\nCo-authored-by: Bob <bob@example.com>')
  await mine.git('push', '--quiet', 'origin', asked.branch)
  await t.approve(asked.number, 'carol')
  await t.people.erin.review(asked.number, 'APPROVE')
  await t.checked(head, 'failure', 'denied by bob')
  await t.land(asked.number)
  await t.refused(asked, 'denied by bob')
})
