import { describe, expect, test } from 'vitest'
import { createGroupReconciler } from '../../app/reconcile/merge-group.ts'
import { accessWorld } from '../support/memory/access-world.ts'
import { repositoryId } from '../support/memory/hub.ts'
import { policyWorld } from './policy-change/world.ts'

const ref = 'refs/heads/gh-readonly-queue/main/pr-1-0'

const opened = {
  'a request': () => {
    const world = accessWorld()
    return { world, pull: world.request('topic') }
  },
  'a change of policies': () => {
    const world = policyWorld()
    return { world, pull: world.propose('two', 'topic') }
  },
}

/** Approved by carol, its check green. */
const approved = async (what: keyof typeof opened) => {
  const { world, pull } = opened[what]()
  /** What is not decided yet is looked at again. */
  const lookAtGroup = () =>
    createGroupReconciler(world.deps)
      .look(`${repositoryId}:${ref}`)
      .catch((error: unknown) => expect(String(error)).toContain('has not been decided yet'))
  const t = {
    close: () => world.close(pull, 'alice'),
    reopen: () => {
      world.clock.advance(1000)
      world.reopen(pull, 'alice')
    },
    lose: () => world.sent.splice(0),
    deliver: world.deliver,
    settle: async () => {
      await world.deliver()
      for (let taken = world.queue.take(); taken.length > 0; taken = world.queue.take()) {
        for (const wakeUp of taken)
          await (wakeUp.queue === 'merge-group' ? lookAtGroup() : world.look(wakeUp))
      }
    },
    approve: async () => {
      world.clock.advance(1000)
      world.review(pull, 'carol')
      await t.settle()
      expect(await t.verdict()).toBe('passed')
    },
    verdict: async () => (await world.store.pull(repositoryId, pull))?.decision.verdict,
    /** GitHub's queue puts it into a group, and gitsudo looks at that alone. */
    enqueue: async () => {
      world.clock.advance(1000)
      const [head, base] = [world.git.tip('topic'), world.git.tip('main')]
      const into = 'refs/heads/main'
      const said = { event: 'merge_group', action: 'checks_requested', ref, head, base, into }
      const body = new TextEncoder().encode(JSON.stringify(said))
      const delivery = { guid: 'group', event: 'merge_group', body, receivedAt: world.clock.now(), ref }
      await world.store.acceptDelivery({ ...delivery, repository: repositoryId }, [])
      await lookAtGroup()
    },
    /** The conclusion of the group's check; undefined while there is none. */
    concluded: () => {
      const check = [...world.checks.values()].find(({ externalId }) => externalId.includes(':group:'))
      return check?.status === 'completed' ? check.conclusion : undefined
    },
  }
  await t.settle()
  await t.approve()
  return t
}

describe.each(['a request', 'a change of policies'] as const)('%s that was reopened', (what) => {
  test('passes in no group by an approval from before, and does by a new one (trust.md 6.23)', async () => {
    const t = await approved(what)
    t.close()
    await t.settle()
    t.reopen()
    await t.settle()
    expect(await t.verdict()).toBe('action_required')
    await t.enqueue()
    expect(t.concluded()).toBe('action_required')
    await t.approve()
    expect(t.concluded()).toBe('success')
  })

  test.each([
    ['was stored', false],
    ['was lost', true],
  ])('waits in its group for its own look, whether its delivery %s', async (_, lost) => {
    const t = await approved(what)
    t.close()
    await t.settle()
    t.reopen()
    if (lost) t.lose()
    await t.deliver()
    await t.enqueue()
    expect(t.concluded()).toBeUndefined()
    await t.settle()
    expect(await t.verdict()).toBe('action_required')
    expect(t.concluded()).toBe('action_required')
  })

  test('does not pass, though nobody saw that it was closed', async () => {
    const t = await approved(what)
    t.close()
    t.reopen()
    await t.deliver()
    await t.enqueue()
    expect(t.concluded()).toBe('action_required')
  })
})

test('what stayed open passes in its group', async () => {
  const t = await approved('a change of policies')
  await t.enqueue()
  expect(t.concluded()).toBe('success')
})
