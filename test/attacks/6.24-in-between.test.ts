// The attack: change it between the decision and the merge. Push in the seconds that GitHub needs to tell of it, and
// have somebody merge at once (6.24a); or merge by hand, and put other bytes into the merge commit, none, or one file
// more, or on top of what the branch held long before (6.24b). What is granted is what the merge commit holds, if that is what was approved (trust.md 6.24, 3.1).
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { type Asked, admin, pathOf, textOf } from '../support/world.ts'
import { held } from './support/quiet.ts'
import { type AttackWorld, attackWorld } from './support/world.ts'

const approved = async (t: AttackWorld, slug: string): Promise<Asked> => {
  const asked = await t.ask(slug, admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  return asked
}

test('a: a push of which nobody heard before the merge', async () => {
  const t = await attackWorld()
  const asked = await approved(t, 'between-push')
  await held(t, async () => {
    await t.commit('alice', asked.branch, { [asked.path]: textOf({ ...admin, duration: '4h' }) })
    await t.land(asked.number)
  })
  await t.refused(asked, 'approved other bytes')
})

test('b: a merge by hand that leaves the file out, and brings it later', async () => {
  const t = await attackWorld()
  const asked = await approved(t, 'between-ours')
  const theirs = await t.clone('erin')
  await theirs.git('fetch', '--quiet', 'origin', asked.branch)
  await theirs.git('merge', '--quiet', '--no-ff', '--strategy', 'ours', '--message', 'Merge', 'FETCH_HEAD')
  await theirs.git('push', '--quiet', 'origin', 'main')
  await t.refused(asked, 'is missing in the merge commit')
  await theirs.commit({ [asked.path]: textOf({ ...admin, duration: '4h' }) })
  await theirs.git('push', '--quiet', 'origin', 'main')
  await t.alerted('grant.refused', { path: asked.path })
  await t.nothingGranted(asked.number)
})

test('b: a merge by hand with one file more', async () => {
  const t = await attackWorld()
  const asked = await approved(t, 'between-more')
  const path = pathOf('between-stowaway')
  const theirs = await t.clone('erin')
  await theirs.git('fetch', '--quiet', 'origin', asked.branch)
  await theirs.git('merge', '--quiet', '--no-ff', '--no-commit', 'FETCH_HEAD')
  await theirs.commit({ [path]: textOf() })
  await theirs.git('push', '--quiet', 'origin', 'main')
  const stowaway = requestId(t.repository.id, 0, path)
  await t.alerted('grant.refused', { path })
  await t.reached(asked.id, 'active')
  await t.allSealed()
  expect((await t.events(stowaway)).map(({ type }) => type)).toEqual(['grant.refused'])
  expect(await t.query('select id from grants where id like $1', ['%stowaway%'])).toEqual([])
  expect((await t.bindings()).filter((id) => id.includes('stowaway'))).toEqual([])
})

test('b: a merge by hand on top of what the branch held before', async () => {
  const t = await attackWorld()
  const theirs = await t.clone('erin')
  await theirs.commit({ 'since.md': 'since then' })
  await theirs.git('push', '--quiet', 'origin', 'main')
  const asked = await approved(t, 'between-older')
  await theirs.git('fetch', '--quiet', 'origin', asked.branch)
  await theirs.git('reset', '--quiet', '--hard', 'HEAD~1')
  await theirs.git('merge', '--quiet', '--no-ff', '--message', 'Merge', 'FETCH_HEAD')
  await theirs.git('push', '--quiet', 'origin', 'main')
  await t.pending(asked.head, "is not the pull request's own")
  await t.nothingGranted(asked.number)
})
