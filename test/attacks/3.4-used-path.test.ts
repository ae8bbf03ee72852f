// The attack: use an approved path twice. Change the merged file on the branch, without a pull request, so that the
// grant goes on with other terms; or delete it and bring it back, approved bytes and all, in a second pull request.
// One path is one request and at most one grant for ever, and a file that changes by any means revokes (trust.md 3.4).
import { expect, test } from 'vitest'
import { textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('a direct push that changes the file revokes; nobody gets the path again', async () => {
  const t = await attackWorld()
  const asked = await t.ask('used-path')
  await t.checked(asked.head, 'success')
  await t.land(asked.number, 'bob')
  await t.reached(asked.id, 'active')
  await t.commit('erin', 'main', { [asked.path]: textOf({ duration: '25m' }) })
  await t.reached(asked.id, 'ended')
  expect(await t.bindings()).not.toContain(asked.id)
  await t.endedAs(asked, `${asked.path} changed or left main`)

  const theirs = await t.clone('erin')
  await theirs.commit({ [asked.path]: null })
  await theirs.git('push', '--quiet', 'origin', 'main')
  const again = await t.ask('used-path-again', {}, { [asked.path]: textOf() })
  await t.checked(again.head, 'failure', 'has been on the branch before')
  await t.land(again.number)
  await t.refused(again, 'has been on the branch before')
  const intents = (await t.events(asked.id)).filter(({ type }) => type === 'grant.intended')
  expect(intents).toHaveLength(1)
})
