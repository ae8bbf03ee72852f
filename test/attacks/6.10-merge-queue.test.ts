// The attack: where a merge queue merges, nobody calls `merge`, and what is merged is a commit that no pull request
// has: the queue's own, with several pull requests in it. Hope that it is merged unseen, or that each is looked at
// alone (trust.md 6.10a, 6.10b).
import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { freePort } from '../../app/sandbox/world.ts'
import { admin, pathOf, textOf } from '../support/world.ts'
import { acceptedBy, propose, slow, swap } from './support/policies.ts'
import { groupOf, mutate, otherCheck, requireQueue, requiringNothing } from './support/queue.ts'
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
  const more = textOf({ ...admin, reason: 'more than was decided on' })
  const head = await t.push('more/queue-pushed', 'More', { [pathOf('queue-pushed')]: more })
  const pushed = Promise.withResolvers<void>()
  t.github.admin.faults.api({
    answer: 'slow',
    method: 'POST',
    path: /^\/graphql/,
    until: pushed.promise,
    count: 1,
  })
  const asked = await t.ask('queue-pushed')
  await until('the service to ask for a place in the queue', async () => graphql() > before)
  // Nothing but the expected head keeps out what was pushed meanwhile.
  await requiringNothing(t, async () => {
    await t.api('PATCH', `/git/refs/heads/${asked.branch}`, { sha: head, force: true }, 'alice')
    pushed.resolve()
    await t.checked(head, 'action_required')
  })
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

test('6.10b: an approval withdrawn while the group waits for another check takes the group with it', async () => {
  await requireQueue(t, {}, ['ci'])
  for (const withdraw of ['dismissed', 'changed'] as const) {
    const asked = await t.ask(`queue-${withdraw}`, admin)
    await otherCheck(t, asked.head, 'ci')
    await t.approve(asked.number, 'bob', 'carol')
    const head = await groupOf(t, asked.number)
    await t.checked(head, 'success', 'pass together')
    if (withdraw === 'changed') await t.people.carol.review(asked.number, 'REQUEST_CHANGES', 'wait')
    else {
      const reviews = await t.api<readonly { id: number }[]>('GET', `/pulls/${asked.number}/reviews`)
      const message = { message: 'no longer' }
      await t.api('PUT', `/pulls/${asked.number}/reviews/${reviews[0]?.id}/dismissals`, message)
    }
    await t.checked(head, withdraw === 'changed' ? 'failure' : 'action_required', `${asked.number}`)
    // Too late for the other check to have it merged.
    await otherCheck(t, head, 'ci')
    expect(await pull(asked.number)).toMatchObject({ merged: false })
    await t.nothingGranted(asked.number)
    await t.api('PATCH', `/pulls/${asked.number}`, { state: 'closed' })
  }
})

/** Alice no longer may have what everybody of trust tier 3 gets unasked. */
const stricter = { 'data/identities.yaml': swap('id: 1001\n    trustTier: 3', 'id: 1001\n    trustTier: 2') }

test('6.10b: policies and what they would decide on do not go through together', slow, async () => {
  await requireQueue(t, { groupSize: 2, minimum: 2 })
  const before = await acceptedBy(t)
  const proposal = await propose(t, 'queue-together', stricter, 'bob')
  await t.approve(proposal.number, 'erin')
  await t.checked(proposal.head, 'success')
  const queued = { expectedHeadOid: proposal.head }
  expect(await mutate(t, 'bob', 'enqueuePullRequest', proposal.number, queued)).toBeNull()
  const asked = await t.ask('queue-under-old')
  const head = await groupOf(t, asked.number)
  await t.checked(head, 'failure', 'would change the policies')
  for (const { number } of [proposal, asked]) {
    await t.commented(number, 'merge the policies first')
    expect(await pull(number)).toMatchObject({ merged: false })
  }
  expect(await acceptedBy(t)).toBe(before)
  await t.nothingGranted(asked.number)
  for (const { number } of [proposal, asked]) await t.api('PATCH', `/pulls/${number}`, { state: 'closed' })
})

test('6.10b: a group behind policies waits for them, and is decided under them', slow, async () => {
  await requireQueue(t, {}, ['ci'])
  const proposal = await propose(t, 'queue-ahead', stricter, 'bob')
  await otherCheck(t, proposal.head, 'ci')
  await t.approve(proposal.number, 'erin')
  await t.checked(proposal.head, 'success')
  const queued = { expectedHeadOid: proposal.head }
  expect(await mutate(t, 'bob', 'enqueuePullRequest', proposal.number, queued)).toBeNull()
  const first = await groupOf(t, proposal.number)
  await t.checked(first, 'success')
  const asked = await t.ask('queue-behind')
  await otherCheck(t, asked.head, 'ci')
  const second = await groupOf(t, asked.number)
  await t.pending(second, 'changes the policies first')
  await otherCheck(t, first, 'ci')
  await t.checked(second, 'action_required', '1 of group sre')
  expect(await pull(asked.number)).toMatchObject({ merged: false })
  await t.nothingGranted(asked.number)
})
