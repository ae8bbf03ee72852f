import { expect, test } from 'vitest'
import { createGroupReconciler } from '../../app/reconcile/merge-group.ts'
import { GitHubError } from '../../app/reconcile/ports/github.ts'
import { type AccessWorld, accessWorld } from '../support/memory/access-world.ts'
import { repositoryId } from '../support/memory/hub.ts'

const ref = 'refs/heads/gh-readonly-queue/main/pr-1-0'
const group = { queue: 'merge-group', key: `${repositoryId}:${ref}` }

/** GitHub's queue has put the branch's pull request into a group, and says so. */
const told = async ({ store, git, clock }: AccessWorld): Promise<void> => {
  const [head, base] = [git.tip('a'), git.tip('main')]
  const said = { event: 'merge_group', action: 'checks_requested', ref, head, base, into: 'refs/heads/main' }
  const body = new TextEncoder().encode(JSON.stringify(said))
  const delivery = { guid: 'group', event: 'merge_group', body, receivedAt: clock.now(), ref }
  await store.acceptDelivery({ ...delivery, repository: repositoryId }, [])
}

test('a group that waits for a pull request is looked at when that was first decided', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await told(world)
  await world.deliver()
  world.queue.take()
  await world.lookAtPull(pull)
  expect(world.queue.take()).toContainEqual(group)
  await world.lookAtPull(pull)
  expect(world.queue.take()).not.toContainEqual(group)
})

test.each([
  ['the last hour', 7 * 24 - 1, 'success'],
  ['its end', 7 * 24, 'failure'],
])('what is open until %s of pendingTtl lets its group pass or not', async (_, hours, conclusion) => {
  const world = accessWorld()
  world.request('a')
  await world.settle()
  world.review(1, 'bob')
  await world.settle()
  world.clock.advance(hours * 3_600_000)
  await told(world)
  await createGroupReconciler(world.deps).look(group.key)
  expect(
    [...world.hub.checks.values()].findLast(({ externalId }) => !externalId.endsWith(':1')),
  ).toMatchObject({
    conclusion,
  })
})

test('and when trouble is over, or there is another head', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  world.review(pull, 'bob')
  await world.settle()
  await told(world)
  world.meet((call) => {
    if (call === 'reviews') throw new GitHubError('unavailable', 'GitHub is away')
  })
  await world.lookAtPull(pull)
  world.meet(() => undefined)
  world.queue.take()
  await world.lookAtPull(pull)
  expect(world.queue.take()).toContainEqual(group)
  world.push('a', { 'requests/2027/01/b.yaml': 'no request' }, 'alice')
  await world.deliver()
  world.queue.take()
  await world.lookAtPull(pull)
  expect(world.queue.take()).toContainEqual(group)
})
