// The attack: change the file between the approval and the branch: by one more push, or inside a merge commit made
// by hand. An approval is of a blob: the same at the commit that was reviewed, at the head and in the merge commit
// (trust.md 2.3). A push that leaves the blob alone keeps it.
import { test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { until } from '../../app/sandbox/until.ts'
import { admin, pathOf, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

const longer = textOf({ ...admin, duration: '4h' })

test('a push that alters the bytes ends the approvals', async () => {
  const t = await attackWorld()
  const asked = await t.ask('bytes-push', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const head = await t.commit('alice', asked.branch, { [asked.path]: longer })
  await t.checked(head, 'action_required', 'approved other bytes')
  // GitHub had dropped both when they reviewed.
  await until('both to be asked again', async () => {
    const of = `/pulls/${asked.number}/requested_reviewers`
    const { users } = await t.api<{ users: readonly { login: string }[] }>('GET', of)
    return ['bob', 'carol'].every((one) => users.some(({ login }) => login === one))
  })
  await t.land(asked.number)
  await t.refused(asked, 'approved other bytes')
})

test('a merge commit with other bytes grants nothing', async () => {
  const t = await attackWorld()
  const asked = await t.ask('bytes-merge', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const theirs = await t.clone('erin')
  await theirs.git('fetch', '--quiet', 'origin', asked.branch)
  await theirs.git('merge', '--quiet', '--no-ff', '--no-commit', 'FETCH_HEAD')
  await theirs.commit({ [asked.path]: longer })
  await theirs.git('push', '--quiet', 'origin', 'main')
  await t.refused(asked, 'other bytes in the merge commit')
})

test('a push that leaves the bytes alone keeps the approvals', async () => {
  const t = await attackWorld()
  const asked = await t.ask('bytes-kept', admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  const beside = pathOf('bytes-beside')
  const head = await t.commit('alice', asked.branch, { [beside]: textOf() })
  await t.checked(head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
  await t.reached(requestId(t.repository.id, asked.number, beside), 'active')
})
