// The attack: carry approvals from where they were given to where they are needed: the same commit in a second pull
// request, the same bytes cherry-picked into another one, or the pull request closed, forgotten and opened again
// (trust.md 6.09).
import { test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { type Asked, admin } from '../support/world.ts'
import { type AttackWorld, attackWorld } from './support/world.ts'

const none = 'merged with 0 of the 1 approvals'

/** Approved, then closed. */
const abandoned = async (t: AttackWorld, slug: string): Promise<Asked> => {
  const asked = await t.ask(slug, admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  await t.api('PATCH', `/pulls/${asked.number}`, { state: 'closed' }, 'alice')
  await t.reached(asked.id, 'cancelled')
  return asked
}

test('to a second pull request of the same commit', async () => {
  const t = await attackWorld()
  const { path, branch } = await abandoned(t, 'travel-second')
  const pull = await t.people.alice.openPull(branch, 'Once more')
  const id = requestId(t.repository.id, pull.number, path)
  await t.reached(id, 'pending')
  await t.land(pull.number)
  await t.refused({ ...pull, id, path, branch }, none)
})

test('by cherry-pick', async () => {
  const t = await attackWorld()
  const { path, branch, head } = await abandoned(t, 'travel-picked')
  const mine = await t.clone('alice')
  await mine.git('fetch', '--quiet', 'origin', branch)
  await mine.commit({})
  await mine.git('cherry-pick', head)
  await mine.git('push', '--quiet', 'origin', `HEAD:refs/heads/${branch}-picked`)
  const pull = await t.people.alice.openPull(`${branch}-picked`, 'Picked')
  await t.checked(pull.head, 'action_required')
  await t.land(pull.number)
  const id = requestId(t.repository.id, pull.number, path)
  await t.refused({ ...pull, id, path, branch }, none)
})

test('over a reopening', async () => {
  const t = await attackWorld()
  const asked = await abandoned(t, 'travel-reopened')
  await t.api('PATCH', `/pulls/${asked.number}`, { state: 'open' }, 'alice')
  await t.reached(asked.id, 'pending')
  await t.land(asked.number)
  await t.refused(asked, none)
})
