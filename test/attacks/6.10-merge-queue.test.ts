// The attack: where a merge queue merges, nobody calls `merge`, and what is merged is a commit that no pull request
// has: the queue's own, with several pull requests in it. Hope that it is merged unseen, or that each is looked at
// alone (trust.md 6.10a, 6.10b).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { freePort } from '../../app/sandbox/world.ts'
import { admin, textOf } from '../support/world.ts'
import { groupOf, mutate, requireQueue } from './support/queue.ts'
import { type AttackWorld, ownWorld } from './support/world.ts'

let t: AttackWorld
beforeAll(async () => {
  t = await ownWorld({ merge: 'auto' })
})
afterAll(() => t?.close())

type Pull = { readonly merged: boolean; readonly merged_by: { readonly login: string } | null }
const pull = (number: number) => t.api<Pull>('GET', `/pulls/${number}`)

test('6.10a: what passes is put into the queue, checked there on the group, merged by the queue, and granted', async () => {
  await requireQueue(t)
  const asked = await t.ask('queue-alone')
  await t.reached(asked.id, 'active')
  expect(await pull(asked.number)).toMatchObject({
    merged: true,
    merged_by: { login: 'github-merge-queue[bot]' },
  })
  const { merge_commit_sha: sha } = await t.api<{ merge_commit_sha: string }>('GET', `/pulls/${asked.number}`)
  expect(await t.checked(sha, 'success', 'pass together')).toContain(`${asked.number}`)
})

test('6.10a: a push while the pull request is on its way into the queue keeps it out', async () => {
  await requireQueue(t)
  const graphql = () => t.github.admin.counters().calls['POST /graphql'] ?? 0
  const before = graphql()
  t.github.admin.faults.api({ answer: 'slow', method: 'POST', path: /^\/graphql/, delayMs: 3000, count: 1 })
  const asked = await t.ask('queue-pushed')
  await until('the service to ask for a place in the queue', async () => graphql() > before)
  const head = await t.commit('alice', asked.branch, {
    [asked.path]: textOf({
      ...admin,
      reason: 'more than was decided on',
    }),
  })
  await t.checked(head, 'action_required')
  expect(await pull(asked.number)).toMatchObject({ merged: false })
  await t.nothingGranted(asked.number)
  await t.api('PATCH', `/pulls/${asked.number}`, { state: 'closed' })
})

test('6.10b: two that pass alone and are toxic together do not pass as a group', async () => {
  await requireQueue(t, { groupSize: 2, minimum: 2 })
  const toxic = 'must not be held together'
  const administer = { requester: 'carol', role: 'prod-infra-admin', duration: '1h' }
  const read = { requester: 'carol', role: 'db-read', scope: 'orders', duration: '30m' }
  // Each is decided while the other is closed, so that neither sees the other waiting.
  const one = await t.ask('queue-toxic-1', administer)
  await t.approve(one.number, 'bob', 'erin')
  await t.checked(one.head, 'success')
  await t.api('PATCH', `/pulls/${one.number}`, { state: 'closed' })
  await t.reached(one.id, 'cancelled')
  const two = await t.ask('queue-toxic-2', read)
  await t.approve(two.number, 'erin')
  await t.checked(two.head, 'success')
  await t.api('PATCH', `/pulls/${two.number}`, { state: 'closed' })
  await t.reached(two.id, 'cancelled')
  await t.github.admin.deliveriesSettled()
  // They come back and are queued before anybody has told us.
  t.github.admin.faults.deliveries({ happens: 'delay', event: 'pull_request' })
  try {
    for (const { number } of [one, two]) await t.api('PATCH', `/pulls/${number}`, { state: 'open' })
    for (const { number, head } of [one, two])
      expect(await mutate(t, 'bob', 'enqueuePullRequest', number, { expectedHeadOid: head })).toBeNull()
    const head = await groupOf(t, two.number)
    await t.checked(head, 'failure', toxic)
    for (const { number } of [one, two]) await t.commented(number, toxic)
  } finally {
    t.github.admin.faults.clear()
  }
  for (const asked of [one, two]) {
    expect(await pull(asked.number)).toMatchObject({ merged: false })
    await t.nothingGranted(asked.number)
    await t.api('PATCH', `/pulls/${asked.number}`, { state: 'closed' })
  }
})

test('6.10b: a group that nobody told us of is asked for again', async () => {
  await requireQueue(t)
  t.github.admin.faults.deliveries({ happens: 'drop', event: 'merge_group', count: 1 })
  const asked = await t.ask('queue-untold')
  const head = await groupOf(t, asked.number)
  expect(await t.checks(head)).toEqual([])
  await t.github.admin.deliveriesSettled()
  // GitHub is asked again for what is not just under way.
  await t.jump(60_000)
  const other = await t.start({ port: await freePort() })
  try {
    await t.reached(asked.id, 'active')
  } finally {
    await other.stop()
  }
})
