// The attack: let GitHub itself say that a review is of the newest commit. After a force-push its API lists the old
// approval at the new head, and whoever gets the reviewer to mend a typo in the review's text has a signed webhook
// that names that commit. What a review covers is what its `submitted` payload said, the first one (trust.md 6.01, 2.2).
import { expect, test } from 'vitest'
import { admin, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('an approval that GitHub moved to other bytes counts for those it was given for', async () => {
  const t = await attackWorld()
  const asked = await t.ask('review-moves', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const mine = await t.clone('alice', asked.branch)
  const moved = await mine.commit({ [asked.path]: textOf({ ...admin, duration: '4h' }) }, '--amend')
  await mine.git('push', '--quiet', '--force', 'origin', asked.branch)
  const reviews = await t.api<readonly { id: number; commit_id: string; user: { login: 'bob' | 'carol' } }[]>(
    'GET',
    `/pulls/${asked.number}/reviews`,
  )
  for (const { id, commit_id, user } of reviews) {
    expect(commit_id).toBe(moved)
    await t.api('PUT', `/pulls/${asked.number}/reviews/${id}`, { body: 'No typo any more' }, user.login)
  }
  await t.github.admin.deliveriesSettled()
  await t.checked(moved, 'action_required', 'carol approved other bytes')
  // Back to the bytes that they read, the same two approvals count again: nothing but the commit was in question.
  const back = await mine.commit({ [asked.path]: textOf(admin) })
  await mine.git('push', '--quiet', 'origin', asked.branch)
  await t.checked(back, 'success')
  await mine.git('push', '--quiet', '--force', 'origin', `${moved}:refs/heads/${asked.branch}`)
  await t.land(asked.number)
  await t.refused(asked, 'bob approved other bytes')
})
