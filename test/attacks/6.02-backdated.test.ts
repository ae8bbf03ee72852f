// The attack: tell the story in another order. A commit says itself when it was made, so one that is pushed after the
// approvals claims to be years old; and whoever pushed can push it away again, as if it had never been. What counts is
// which commit a review covers, and every push that GitHub told of or has on its list (trust.md 6.02, 2.3, 2.7).
import { expect, test } from 'vitest'
import { admin, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('bytes that claim to be older than their approvals are not approved', async () => {
  const t = await attackWorld()
  const asked = await t.ask('backdated', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const mine = await t.clone('alice', asked.branch)
  const old = '2001-02-03T04:05:06Z'
  await mine.commit({ [asked.path]: textOf({ ...admin, duration: '4h' }) }, '--date', old)
  await mine.git('rebase', '--quiet', '--force-rebase', '--committer-date-is-author-date', 'HEAD~1')
  const head = await mine.git('rev-parse', 'HEAD')
  expect(await mine.git('show', '--no-patch', '--format=%at %ct', head)).toBe('981173106 981173106')
  await mine.git('push', '--quiet', 'origin', asked.branch)
  await t.checked(head, 'action_required', 'approved other bytes')
  await t.land(asked.number)
  await t.refused(asked, 'approved other bytes')
})

test('whoever pushed has pushed, though the push is gone again', async () => {
  const t = await attackWorld()
  const asked = await t.ask('push-undone', admin)
  await t.checked(asked.head, 'action_required')
  const his = await t.clone('bob', asked.branch)
  await his.commit({})
  await his.git('push', '--quiet', 'origin', asked.branch)
  await his.git('push', '--quiet', '--force', 'origin', `${asked.head}:refs/heads/${asked.branch}`)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'action_required', 'bob pushed in this pull request')
  await t.land(asked.number)
  await t.refused(asked, 'bob pushed in this pull request')
})

test('whoever pushed has pushed, though nobody was told of that push, nor of the one that undid it', async () => {
  const t = await attackWorld()
  const asked = await t.ask('push-unheard', admin)
  await t.checked(asked.head, 'action_required')
  const heard = ['push', 'pull_request'].map((event) =>
    t.github.admin.faults.deliveries({ happens: 'lose', event }),
  )
  const his = await t.clone('bob', asked.branch)
  await his.commit({})
  await his.git('push', '--quiet', 'origin', asked.branch)
  await his.git('push', '--quiet', '--force', 'origin', `${asked.head}:refs/heads/${asked.branch}`)
  for (const again of heard) again()
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'action_required', 'bob pushed in this pull request')
  await t.land(asked.number)
  await t.refused(asked, 'bob pushed in this pull request')
})
