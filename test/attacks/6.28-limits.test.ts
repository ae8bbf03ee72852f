// The attack: use GitHub's patience up. It limits what an App writes, and asks it to wait; whoever makes gitsudo write
// much wins time, if it then stops looking, or is cut off for good, if it does not stop writing. Writes wait as long as
// GitHub says; what is read to decide and to take away is read (trust.md 6.28).
import { expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { admin } from '../support/world.ts'
import { mergingWorld } from './support/merging-world.ts'

test('while GitHub asks to wait nothing is written, and everything is decided', async () => {
  const t = await mergingWorld()
  const live = await t.ask('limits-live')
  await t.reached(live.id, 'active')
  await t.commented(live.number, 'active')
  const writes = () => {
    const { calls } = t.github.admin.counters()
    const of = (name: string) => calls[`${name}`] ?? 0
    return [
      of('POST /repos/{owner}/{repo}/check-runs'),
      of('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}'),
      of('POST /repos/{owner}/{repo}/issues/{issue_number}/comments'),
      of('PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}'),
      of('POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers'),
    ].reduce((a, b) => a + b, 0)
  }
  t.github.admin.faults.api({
    answer: 'secondary-limit',
    method: 'POST',
    path: /\/check-runs$/,
    retryAfterSeconds: 600,
    count: 1,
  })
  const before = writes()
  const asked = await t.ask('limits-asked', admin)
  await until('GitHub to ask for patience', async () => writes() > before)
  const told = writes()
  await t.approve(asked.number, 'bob', 'carol')
  await t.reached(asked.id, 'approved')
  await t.land(asked.number)
  await t.reached(asked.id, 'active')
  const theirs = await t.clone('erin')
  await theirs.commit({ [live.path]: null })
  await theirs.git('push', '--quiet', 'origin', 'main')
  await t.reached(live.id, 'ended')
  expect(await t.bindings()).not.toContain(live.id)
  expect(writes()).toBe(told)
  await t.jump(601_000)
  await t.commented(asked.number, 'active')
  await t.commented(live.number, 'ended')
})
