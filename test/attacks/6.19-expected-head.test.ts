// The attack: let gitsudo merge what it never saw. Its check has passed, and in the moment before it merges one pushes
// something else, and keeps the news from it. It merges with the head that it decided on; GitHub's 409 means that it
// has to look again (trust.md 6.19).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { admin, textOf } from '../support/world.ts'
import { mergingWorld } from './support/merging-world.ts'
import { held } from './support/quiet.ts'

test('a head that moved is not merged but looked at', async () => {
  const t = await mergingWorld()
  const merges = () =>
    t.github.admin.counters().calls['PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge'] ?? 0
  const before = merges()
  const away = t.github.admin.faults.api({ answer: 'bad-gateway', method: 'PUT', path: /\/merge$/ })
  const asked = await t.ask('expected-head')
  await until('gitsudo to try to merge', async () => merges() > before)
  await held(t, async () => {
    const head = await t.commit('alice', asked.branch, { [asked.path]: textOf(admin) })
    away()
    const tried = merges()
    await t.jump(20_000)
    await until('gitsudo to try again', async () => merges() > tried)
    await t.checked(head, 'action_required', 'an owner of the role')
    expect(await t.api('GET', `/pulls/${asked.number}`)).toMatchObject({ merged: false })
  })
  await t.github.admin.deliveriesSettled()
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
})
