// The attack: push where one owns everything, in a fork, and open the pull request from there: nobody sees who pushed,
// and the branch is not the repository's (trust.md 6.22).
import { test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { pathOf, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('a request from a fork is refused, approved or not', async () => {
  const t = await attackWorld()
  await t.github.admin.forkRepository(t.repository.fullName, 'alice')
  const clone = await t.clone('alice', 'main', 'alice/access')
  const path = pathOf('from-a-fork')
  const head = await clone.commit({ [path]: textOf() })
  await clone.git('push', '--quiet', 'origin', 'HEAD:refs/heads/from-a-fork')
  const { number } = await t.api<{ number: number }>(
    'POST',
    '/pulls',
    { title: 'From a fork', head: 'alice:from-a-fork', base: 'main' },
    'alice',
  )
  await t.checked(head, 'failure', 'comes from a fork')
  await t.approve(number, 'bob', 'carol')
  await t.land(number)
  const id = requestId(t.repository.id, number, path)
  await t.refused({ id, number, head, path, branch: 'from-a-fork' }, 'comes from a fork')
})
