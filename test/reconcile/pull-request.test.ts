import { describe, expect, test } from 'vitest'
import { GitError } from '../../app/reconcile/ports/git.ts'
import { GitHubError } from '../../app/reconcile/ports/github.ts'
import { type AccessWorld, accessWorld, filePath, requestFile } from '../support/memory/access-world.ts'
import { repositoryId } from '../support/memory/hub.ts'

const minute = 60_000
const day = 24 * 60 * minute
const away = () => {
  throw new GitHubError('unavailable', 'GitHub is away')
}
/** Whoever writes a commit chooses the name on it. */
const alice = { name: 'alice', email: 'alice@example.com' }
const calls = (world: AccessWorld) => world.writes.map(({ call }) => call)
const approved = async (world: AccessWorld, name = 'a', files = [name]): Promise<number> => {
  const pull = world.request(name, files)
  await world.settle()
  world.review(pull, 'bob')
  await world.settle()
  return pull
}

test('a request approved, merged, active and ended, with six writes', async () => {
  const world = accessWorld()
  const pull = await approved(world)
  expect(await world.states(pull)).toEqual({ a: 'approved' })
  await world.merge(pull, 'alice')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'active' })
  await world.pass(3 * 60 * minute)
  expect(await world.states(pull)).toEqual({ a: 'ended' })
  expect(calls(world)).toEqual([
    'createCheck',
    'askReviewers',
    'createComment',
    'updateCheck',
    'editComment',
    'editComment',
  ])
  expect(world.typesOf('a')).toEqual([
    'request.created',
    'request.evaluated',
    'request.evaluated',
    'request.approved',
    'request.evaluated',
    'grant.intended',
  ])
})

test('an approval that only the merge saw is recorded as one', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  world.review(pull, 'bob')
  await world.merge(pull, 'alice')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'active' })
  expect(world.typesOf('a')).toContain('request.approved')
})

test('a request that only the merge saw is recorded with all it asks for', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.merge(pull, 'carol')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'refused' })
  const created = world.ledger.events().find(({ type }) => type === 'request.created')
  expect(created?.data).toMatchObject({ requester: 'alice', provider: 'mock', role: 'reader', scope: 'one' })
})

describe('one path, one request, one grant (trust.md 3.4)', () => {
  test('a file deleted and put back by a pull request that left the branch before it came is used up', async () => {
    const world = accessWorld()
    const fork = world.git.tip('main')
    const first = await approved(world)
    await world.merge(first, 'alice')
    await world.settle()
    world.push('gone', { [filePath('a')]: undefined }, 'alice', world.git.tip('main'))
    await world.merge(world.open('gone', 'alice'), 'alice')
    await world.settle()
    expect(await world.states(first)).toEqual({ a: 'ended' })

    world.push('again', { [filePath('a')]: requestFile('a') }, 'alice', fork)
    const second = world.open('again', 'alice')
    await world.settle()
    expect(await world.states(second)).toEqual({ a: 'denied' })
    world.review(second, 'bob')
    await world.settle()
    await world.merge(second, 'alice')
    await world.settle()
    expect(await world.states(second)).toEqual({ a: 'refused' })
  })

  test('two pull requests with the same file, both approved, grant once', async () => {
    const world = accessWorld()
    world.push('x', { [filePath('a')]: requestFile('a') }, 'alice')
    world.push('y', { [filePath('a')]: requestFile('a') }, 'alice', world.git.tip('main'))
    const [first, second] = [world.open('x', 'alice'), world.open('y', 'alice')]
    await world.settle()
    for (const pull of [first, second]) world.review(pull, 'bob')
    await world.settle()
    await world.merge(first, 'alice')
    await world.merge(second, 'alice')
    await world.settle()
    expect(await world.states(first)).toEqual({ a: 'active' })
    expect(await world.states(second)).toEqual({ a: 'refused' })
  })

  test('two pull requests with one head, merged by one click, grant once (6.06b)', async () => {
    const world = accessWorld()
    const head = world.push('x', { [filePath('a')]: requestFile('a') }, 'alice')
    world.move('y', head, 'alice')
    const [first, second] = [world.open('x', 'alice'), world.open('y', 'alice')]
    await world.settle()
    for (const pull of [first, second]) world.review(pull, 'bob')
    await world.settle()
    await world.merge(first, 'alice')
    await world.settle()
    const states = [(await world.states(first)).a, (await world.states(second)).a]
    expect(states.toSorted()).toEqual(['active', 'refused'])
  })

  test.each(['merge', 'squash', 'rebase'] as const)('several commits, merged by %s', async (how) => {
    const world = accessWorld()
    world.push('a', { [filePath('a')]: requestFile('a') }, 'alice')
    world.push('a', { [filePath('b')]: requestFile('b') }, 'alice')
    const pull = world.open('a', 'alice')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    await world.merge(pull, 'alice', how)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'active', b: 'active' })
  })

  test('several commits pushed to the branch by hand are judged as a whole, whoever looks first', async () => {
    const world = accessWorld()
    world.push('a', { 'other.md': 'x' }, 'alice')
    world.push('a', { [filePath('a')]: requestFile('a') }, 'alice')
    const pull = world.open('a', 'alice')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    world.pushHead(pull, 'carol')
    await world.deliver()
    await world.lookAtBranch()
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'refused' })
  })
})

describe('closing and reopening', () => {
  test('a file that leaves a pull request leaves the approvals of the others', async () => {
    const world = accessWorld()
    const pull = world.request('p', ['a', 'b'])
    await world.settle()
    world.push('p', { [filePath('a')]: undefined }, 'alice')
    await world.settle()
    world.clock.advance(minute)
    world.review(pull, 'bob')
    world.clock.advance(minute)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'cancelled', b: 'approved' })
  })

  test('reopening voids earlier reviews, also where both payloads are lost', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    world.close(pull, 'alice')
    world.sent.length = 0
    await world.lookAtPull(pull)
    expect(await world.states(pull)).toEqual({ a: 'cancelled' })
    world.clock.advance(minute)
    world.reopen(pull, 'alice')
    world.sent.length = 0
    await world.lookAtPull(pull)
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    world.clock.advance(minute)
    await world.lookAtPull(pull)
    expect(await world.states(pull)).toEqual({ a: 'pending' })
  })

  test('a closed pull request is asked nothing and never merged', async () => {
    const world = accessWorld({ merge: 'auto' })
    world.meet((call) => {
      if (call === 'merge') throw new GitHubError('not_mergeable', 'another check is missing')
    })
    const pull = await approved(world)
    world.close(pull, 'alice')
    await world.settle()
    world.meet(() => undefined)
    await world.pass(20 * minute)
    expect(calls(world)).not.toContain('merge')
    expect(await world.states(pull)).toEqual({ a: 'cancelled' })
  })

  test('a request dropped just before the merge does not wait for ever', async () => {
    const world = accessWorld()
    const pull = world.request('p', ['a', 'b'])
    await world.settle()
    world.push('p', { [filePath('a')]: undefined }, 'alice')
    world.review(pull, 'bob')
    await world.merge(pull, 'alice')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'cancelled', b: 'active' })
    expect(await world.store.waitingPulls()).toEqual([])
  })
})

describe('lapsing', () => {
  test('closes, and says so in the one comment, also when GitHub was away at that moment', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    const comments = () => [...world.hub.comments.values()].map(({ body }) => body)
    world.meet((call) => {
      if (call === 'close' || call === 'editComment') away()
    })
    await world.pass(7 * day)
    expect(await world.states(pull)).toEqual({ a: 'lapsed' })
    expect(world.pulls.get(pull)?.state).toBe('open')
    expect(comments()).toEqual([expect.stringContaining('**pending**')])
    world.meet(() => undefined)
    await world.pass(minute)
    expect(world.pulls.get(pull)?.state).toBe('closed')
    expect(comments()).toEqual([expect.stringContaining('has **lapsed**: it was open longer than allowed')])
  })

  test('says so also where trouble stood in the way of every verdict since', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    world.meet((call) => {
      if (call === 'reviews') away()
    })
    world.review(pull, 'bob')
    await world.pass(8 * day)
    expect(await world.states(pull)).toEqual({ a: 'lapsed' })
    expect([...world.hub.comments.values()]).toEqual([
      { pull, body: expect.stringContaining('has **lapsed**') },
    ])
  })

  test('a lapsed request merged after all is refused in the ledger and stays lapsed', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.pass(8 * day)
    world.reopen(pull, 'alice')
    world.sent.length = 0
    world.clock.advance(minute)
    world.review(pull, 'bob')
    await world.merge(pull, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'lapsed' })
    expect(world.typesOf('a')).not.toContain('grant.intended')
    expect(world.typesOf('a')).toContain('grant.refused')
    expect(world.alerts()).toContain('grant.refused')
  })

  test('what the ledger says has lapsed never grants, whatever the row says', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.pass(8 * day)
    for (const row of world.store.requestRows()) world.store.tamperRequest({ ...row, state: 'pending' })
    world.reopen(pull, 'alice')
    world.sent.length = 0
    world.clock.advance(minute)
    world.review(pull, 'bob')
    await world.merge(pull, 'carol')
    await world.settle()
    expect(world.typesOf('a')).not.toContain('grant.intended')
  })

  test('a denied request is not looked at over and over once it is old', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    world.review(pull, 'bob', 'CHANGES_REQUESTED')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'denied' })
    await world.pass(8 * day)
    expect(await world.store.due(world.clock.now(), 10)).toEqual([])
  })
})

describe('trouble', () => {
  test('after the verdict leaves the verdict as it was and comes to rest', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.merge(pull, 'alice')
    await world.settle()
    const before = (await world.store.pull(repositoryId, pull))?.decision
    world.meet(away)
    await world.lookAtPull(pull)
    expect((await world.store.pull(repositoryId, pull))?.decision).toEqual(before)
    world.meet(() => undefined)
    await world.pass(minute)
    expect((await world.store.pull(repositoryId, pull))?.lookAt).toBeUndefined()
  })

  test('at a scheduled start is not a refusal and does not unsay the verdict at the merge', async () => {
    const world = accessWorld()
    const startsAt = world.clock.now() + 5 * 60 * minute
    world.push('a', { [filePath('a')]: requestFile('a', startsAt) }, 'alice')
    const pull = world.open('a', 'alice')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    await world.merge(pull, 'alice')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'scheduled' })
    world.git.away(true)
    await world.pass(5 * 60 * minute + minute)
    expect(await world.states(pull)).toEqual({ a: 'scheduled' })
    expect((await world.store.pull(repositoryId, pull))?.decision.moment).toBe('merge')
    world.git.away(false)
    await world.pass(2 * minute)
    expect(await world.states(pull)).toEqual({ a: 'active' })
    const start = world.ledger.events().find(({ data }) => data.moment === 'start')
    expect(start?.type).toBe('request.evaluated')
  })

  test('past grantWindow refuses what is known, and the rest once it can be read', async () => {
    const world = accessWorld()
    const pull = world.request('p', ['a'])
    await world.settle()
    world.push('p', { [filePath('b')]: requestFile('b') }, 'alice')
    world.review(pull, 'bob')
    world.git.away(true)
    await world.merge(pull, 'alice')
    await world.deliver()
    world.queue.take()
    await world.lookAtPull(pull)
    await world.pass(61 * minute)
    expect(await world.states(pull)).toEqual({ a: 'refused' })
    world.git.away(false)
    await world.pass(10 * minute)
    expect(await world.states(pull)).toEqual({ a: 'refused', b: 'refused' })
    for (const name of ['a', 'b'])
      expect(world.typesOf(name).filter((type) => type === 'grant.refused')).toHaveLength(1)
  })

  test('says nothing new once it is over', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    const before = world.typesOf('a').length
    world.git.away(true)
    await world.lookAtPull(pull)
    world.git.away(false)
    await world.pass(minute)
    expect(world.typesOf('a')).toHaveLength(before)
  })

  test('a pull request that was merged and now is said to be open is trouble, not a fault', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.merge(pull, 'alice')
    await world.settle()
    const merged = world.pulls.get(pull)
    if (merged === undefined) throw new Error('no pull request')
    world.pulls.set(pull, { ...merged, state: 'open', merged: false })
    await world.lookAtPull(pull)
    expect(await world.states(pull)).toEqual({ a: 'active' })
    world.pulls.set(pull, merged)
    await world.pass(minute)
    expect((await world.store.pull(repositoryId, pull))?.decision.moment).toBe('merge')
  })

  test('one that cannot end by itself is not tried every few seconds', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    const { mirror } = world.git
    const { commits } = mirror
    Object.assign(mirror, {
      commits: () => Promise.reject(new GitError('too_large', 'more than 10000 commits')),
    })
    await world.settle()
    const row = await world.store.pull(repositoryId, pull)
    expect(row?.decision.verdict).toBe('not_yet')
    expect(row?.lookAt).toBeGreaterThanOrEqual(world.clock.now() + 5 * minute)
    Object.assign(mirror, { commits })
  })
})

describe('revoking by comment', () => {
  test('works while GitHub is away', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.merge(pull, 'alice')
    await world.settle()
    world.comment(pull, 'alice', '/gitsudo revoke')
    world.meet(away)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'ended' })
  })

  test.each(['/gitsudo revoke\nthank you', '/gitsudo revoke\r\n\r\nreq_x', 'done.\n/gitsudo revoke  '])(
    'takes its id from its own line: %j',
    async (text) => {
      const world = accessWorld()
      const pull = await approved(world)
      await world.merge(pull, 'alice')
      await world.settle()
      world.comment(pull, 'alice', text)
      await world.settle()
      expect(await world.states(pull)).toEqual({ a: 'ended' })
    },
  )
})

describe('who pushed (trust.md 2.7)', () => {
  test('a push whose delivery was lost between others is found', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    const commit = world.git.commit([world.git.tip('a')], { [filePath('a')]: requestFile('changed') }, alice)
    world.move('a', commit, 'bob')
    world.sent.length = 0
    world.push('a', { [filePath('a')]: requestFile('changed again') }, 'alice')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
  })

  test('the delivery of the branch’s creation, come last, hides nobody who pushed after it', async () => {
    const world = accessWorld()
    const first = world.push('a', { [filePath('a')]: requestFile('a') }, 'alice')
    const late = world.sent.splice(0)
    const second = world.git.commit([first], { [filePath('a')]: requestFile('changed') }, alice)
    world.move('a', second, 'bob')
    world.move('a', first, 'alice')
    const pull = world.open('a', 'alice')
    world.sent.push(...late)
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
  })

  test('the approver who deletes the branch after merging has pushed nothing', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.merge(pull, 'bob')
    world.move('a', '0'.repeat(40), 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })
})

test('a delivery that somebody put into the database is alerted (trust.md 5.3)', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  world.review(pull, 'bob')
  const forged = world.sent.splice(0)[0]
  if (forged === undefined) throw new Error('nothing was sent')
  world.store.forge(forged.delivery)
  await world.lookAtPull(pull)
  expect(await world.states(pull)).toEqual({ a: 'pending' })
  expect(world.alerts()).toContain('delivery.forged')
})

test('a review whose payload was lost is asked for again before the verdict (trust.md 2.1)', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  world.review(pull, 'bob')
  world.lost.push(...world.sent.splice(0))
  await world.merge(pull, 'alice')
  await world.settle()
  await world.pass(minute)
  expect(await world.states(pull)).toEqual({ a: 'active' })
})
