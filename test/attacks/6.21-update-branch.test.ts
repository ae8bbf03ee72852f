// The attack: click *Update branch*. The new head is a commit that nobody reviewed, made by GitHub in the name of
// whoever clicked: it must neither void the approvals of the same bytes, so that anybody can hold a request up for
// ever, nor let an approver who has pushed approve (trust.md 6.21, 2.3, 2.7).
import { test } from 'vitest'
import { type Asked, admin } from '../support/world.ts'
import { type AttackWorld, attackWorld } from './support/world.ts'

const update = async (t: AttackWorld, { number }: Asked, old: string, who: 'bob' | 'dave') => {
  await t.commit('erin', 'main', {})
  await t.api('PUT', `/pulls/${number}/update-branch`, { expected_head_sha: old }, who)
  return (await t.api<{ head: { sha: string } }>('GET', `/pulls/${number}`)).head.sha
}

test('the approvals stay with the bytes; that of whoever clicks goes', async () => {
  const t = await attackWorld()
  const asked = await t.ask('update-branch', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const first = await update(t, asked, asked.head, 'dave')
  await t.checked(first, 'success')
  const second = await update(t, asked, first, 'bob')
  await t.checked(second, 'action_required', 'bob pushed in this pull request')
  await t.land(asked.number)
  await t.refused(asked, 'bob pushed in this pull request')
})
