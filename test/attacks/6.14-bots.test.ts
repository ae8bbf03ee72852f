// The attack: have a program do it. An App opens the pull request for alice, so that its author is nobody whom the
// rules know, and a second one approves it (trust.md 6.14; their approvals by themselves: 2.6).
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { admin, pathOf, textOf } from '../support/world.ts'
import { robot } from './support/robot.ts'
import { attackWorld } from './support/world.ts'

test('what a bot opens is refused, whoever approves it', async () => {
  const t = await attackWorld()
  const path = pathOf('by-a-bot')
  const branch = 'ask/by-a-bot'
  const head = await t.push(branch, 'Ask', { [path]: textOf(admin) })
  const call = await robot(t, 'opener')
  const opened = await call('/pulls', { title: 'Access', head: branch, base: 'main' })
  expect(opened.status).toBe(201)
  const pulls = await t.api<readonly { number: number }[]>('GET', `/pulls?head=acme:${branch}`)
  const number = pulls[0]?.number ?? 0
  const second = await robot(t, 'approver')
  expect((await second(`/pulls/${number}/reviews`, { event: 'APPROVE', body: '' })).status).toBe(200)
  await t.approve(number, 'bob', 'carol')
  await t.checked(head, 'failure', 'opener[bot] is not a person')
  await t.land(number)
  const id = requestId(t.repository.id, number, path)
  // Every check shows this rule; what was sealed is what refused.
  expect(await t.refused({ id, number, head, path, branch }, 'is not a person')).toContain(
    'opener[bot] is not a person',
  )
})
