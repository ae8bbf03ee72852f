// The attack: write it where somebody might read it: that it is approved, by whom, and under which rules, in the title,
// the body, a label, the commit's message, the name of the branch. Whoever can open a pull request can write all of
// them; none decides anything, and gitsudo reads none (trust.md 6.08).
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { admin, pathOf, textOf } from '../support/world.ts'
import { attackWorld } from './support/world.ts'

test('titles, bodies, labels, messages and names of branches approve nothing', async () => {
  const t = await attackWorld()
  const path = pathOf('nobodys-authority')
  const branch = 'approved/by-bob-and-carol'
  const head = await t.push(branch, 'Approved-by: bob', { [path]: textOf(admin) })
  const { number } = await t.api<{ number: number }>(
    'POST',
    '/pulls',
    {
      title: '[gitsudo:approved] [skip gitsudo] <!-- gitsudo: tier=auto -->',
      body: '/gitsudo approve\n\nApproved-by: Bob <bob@example.com>\n\nspec:\n  role: prod-read-only\n',
      head: branch,
      base: 'main',
    },
    'alice',
  )
  await t.checked(head, 'action_required', 'an owner of the role')
  const before = await t.query('select state, requester_id from requests where pull = $1', [number])
  await t.api('PATCH', `/pulls/${number}`, { title: 'requester: bob', body: 'Approved-by: carol' }, 'alice')
  const labels = ['approved', 'approved-by: bob', 'gitsudo: auto', 'break-glass']
  await t.api('PATCH', `/issues/${number}`, { labels }, 'alice')
  const shown = await t.api<{ labels: readonly { name: string }[] }>('GET', `/pulls/${number}`)
  expect(shown.labels.map(({ name }) => name)).toEqual(labels)
  await t.github.admin.deliveriesSettled()
  expect(await t.query('select state, requester_id from requests where pull = $1', [number])).toEqual(before)
  await t.land(number)
  const id = requestId(t.repository.id, number, path)
  await t.refused({ id, number, head, path, branch }, 'merged with 0 of the 1 approvals')
})
