// The bug of others: the approval is the pull request's, so a file added after it is approved too. Here an approval is
// of one file's bytes: a request added beside an approved one needs its own, and takes the other with it; anything else
// beside a request is refused (trust.md 7.04).
import { test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { admin, pathOf, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

const approved = async (slug: string) => {
  const t = await attackWorld()
  const asked = await t.ask(slug, admin)
  await t.approve(asked.number, 'bob', 'carol')
  await t.checked(asked.head, 'success')
  return { t, asked }
}

test('a second request beside the approved one is not approved', async () => {
  const { t, asked } = await approved('beside')
  const path = pathOf('beside-stowaway')
  const head = await t.commit('alice', asked.branch, {
    [path]: textOf({ ...admin, scope: '"210987654321"' }),
  })
  await t.checked(head, 'action_required', path)
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
  await t.reached(requestId(t.repository.id, asked.number, path), 'refused')
})

test.each([
  ['a policy', 'policies/data/groups.yaml', 'groups: {}\n'],
  ['any other file', 'docs/readme.md', 'hello\n'],
  ['a request where none belongs', 'requests/2026/12/deep/hidden.yaml', textOf()],
])('%s beside the approved request', async (what, path, text) => {
  const { t, asked } = await approved(`beside-${what.replaceAll(' ', '-')}`)
  const head = await t.commit('alice', asked.branch, { [path]: text })
  await t.checked(head, 'failure', path)
  await t.land(asked.number)
  await t.refused(asked, path)
})
