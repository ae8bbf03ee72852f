import { describe, expect, test } from 'vitest'
import { accessWorld } from '../../support/memory/access-world.ts'
import { counted } from '../../support/memory/counted.ts'
import { repositoryId } from '../../support/memory/hub.ts'
import { alice, minute } from './approved.ts'

const webFlow = { name: 'GitHub', email: 'noreply@github.com' }

/** A pull request with so many further commits of GitHub's web interface, as their committer says. */
const setUp = async (count: number, verified: boolean, fork = false) => {
  const counts = counted()
  const world = accessWorld({ around: counts.around })
  world.hub.api.commit = async () => ({ verified })
  const pull = world.request('a')
  let at = world.git.tip('a')
  for (let n = 0; n < count; n++) at = world.git.commit([at], {}, alice, webFlow)
  world.move('a', at, 'alice')
  const known = world.pulls.get(pull)
  if (known === undefined) throw new Error('no pull request')
  if (fork) world.pulls.set(pull, { ...known, head: { ...known.head, repository: 1 } })
  await world.settle()
  return {
    world,
    pull,
    asked: () => counts.calls('commit'),
    forget: counts.forget,
    decision: async () => JSON.stringify((await world.store.pull(repositoryId, pull))?.decision),
  }
}

describe('commits that say they are GitHub’s own (trust.md 2.8)', () => {
  test('one that GitHub does not vouch for answers for all the others', async () => {
    const at = await setUp(300, false)
    expect(at.asked()).toBe(1)
    at.world.review(at.pull, 'bob')
    await at.world.settle()
    expect(await at.decision()).toContain('no approval counts: noreply@github.com belongs to nobody known')
    expect(await at.world.states(at.pull)).toEqual({ a: 'pending' })
  })

  test('one that GitHub vouched for is not asked about again', async () => {
    const at = await setUp(30, true)
    expect(at.asked()).toBe(30)
    at.forget()
    at.world.review(at.pull, 'bob')
    await at.world.settle()
    await at.world.pass(minute)
    await at.world.merge(at.pull, 'alice')
    await at.world.settle()
    expect(at.asked()).toBe(0)
    expect(await at.world.states(at.pull)).toEqual({ a: 'active' })
  })

  test('one that it does not vouch for yet is asked about again', async () => {
    const at = await setUp(1, false)
    at.world.hub.api.commit = async () => ({ verified: true })
    at.world.review(at.pull, 'bob')
    await at.world.settle()
    expect(await at.world.states(at.pull)).toEqual({ a: 'approved' })
  })

  test('those of a fork are nobody’s concern', async () => {
    const at = await setUp(30, true, true)
    at.forget()
    await at.world.lookAtPull(at.pull)
    expect(at.asked()).toBe(0)
  })
})
