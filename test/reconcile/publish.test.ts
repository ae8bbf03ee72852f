import { describe, expect, test } from 'vitest'
import { GitHubError } from '../../app/reconcile/ports/github.ts'
import { askRevoke } from '../../app/reconcile/revoke.ts'
import { accessWorld, filePath, requestFile } from '../support/memory/access-world.ts'
import { repositoryId } from '../support/memory/hub.ts'

const minute = 60_000

test('the check names its pull request, and nothing is written twice', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  await world.settle()
  const before = world.writes.length
  expect(world.writes[0]?.check?.externalId).toBe(`gitsudo:${repositoryId}:${pull}`)
  for (let again = 0; again < 3; again++) {
    await world.lookAtPull(pull)
    await world.settle()
    world.clock.advance(minute)
  }
  expect(world.writes).toHaveLength(before)
})

test('a check that trouble left in progress is settled by the verdict at the merge', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  world.review(pull, 'bob')
  await world.settle()
  world.meet((call) => {
    if (call === 'reviews') throw new GitHubError('unavailable', 'GitHub is away')
  })
  await world.lookAtPull(pull)
  await world.settle()
  const checks = () => world.writes.flatMap(({ check }) => (check === undefined ? [] : [check]))
  expect(checks().at(-1)?.status).toBe('in_progress')
  world.meet(() => undefined)
  await world.merge(pull, 'carol')
  await world.settle()
  expect(checks().at(-1)).toMatchObject({ status: 'completed', conclusion: 'success' })
})

test('a start that was missed is told as such, whoever notices it first', async () => {
  const world = accessWorld()
  world.push('a', { [filePath('a')]: requestFile('', world.clock.now() + 60 * minute) }, 'alice')
  const pull = world.hub.open('a', 'alice')
  world.review(pull, 'bob')
  await world.settle()
  await world.merge(pull, 'carol')
  await world.settle()
  world.clock.advance(5 * 60 * minute)
  await world.pass(minute)
  expect(await world.states(pull)).toEqual({ a: 'refused' })
  expect([...world.hub.comments.values()].map(({ body }) => body)).toEqual([
    expect.stringContaining('grantWindow'),
  ])
})

test.each([
  ['active', 0],
  ['scheduled', 60 * minute],
])('who revoked it says why in the comment, and in the ledger: %s', async (state, later) => {
  const world = accessWorld()
  const startsAt = later === 0 ? undefined : world.clock.now() + later
  world.push('a', { [filePath('a')]: requestFile('', startsAt) }, 'alice')
  const pull = world.hub.open('a', 'alice')
  world.review(pull, 'bob')
  await world.merge(pull, 'carol')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: state })
  const [{ id } = { id: '' }] = world.store.grantRows()
  const by = { kind: 'user', id: '1003', login: 'carol' } as const
  const why = '*over*\n# @acme/sre'
  await askRevoke(world.deps, { grant: id, by, why, askedAt: world.clock.now() })
  await world.pass(minute)
  expect(await world.states(pull)).toEqual({ a: 'ended' })
  expect([...world.hub.comments.values()].map(({ body }) => body)).toEqual([
    expect.stringMatching(
      / has \*\*ended\*\* \(revoked by carol, seen gone at [^)]+\): \\\*over\\\* `#` `@acme\/sre`\n/,
    ),
  ])
  const intended = world.ledger.events().find(({ type }) => type === 'grant.revoke_intended')
  expect(intended).toMatchObject({ actor: by, data: { why } })
})

test('the comment tells of the bytes that are there, and of which commit', async () => {
  const world = accessWorld()
  world.request('a')
  await world.settle()
  const comment = () => [...world.hub.comments.values()].map(({ body }) => body).join()
  expect(comment()).toContain('reader')
  world.push('a', { [filePath('a')]: requestFile('', undefined, 'writer') }, 'alice')
  await world.settle()
  expect(comment()).toContain('writer')
  expect(comment()).not.toContain('reader')
  expect(comment()).toContain(`_As of \`${world.hub.git.refs.get('a')?.slice(0, 10)}\``)
})

describe.each(['createCheck', 'createComment'] as const)('%s whose answer is never seen', (call) => {
  test.each([
    ['the answer is lost', new GitHubError('unavailable', 'no answer')],
    ['the replica is killed', new Error('killed')],
  ])('%s: what GitHub holds is found again, brought up to date and not made twice', async (_, error) => {
    const world = accessWorld()
    world.hub.loseAnswer(call, error)
    const pull = world.request('a')
    await world.settle().catch((thrown: unknown) => expect(thrown).toBe(error))
    world.review(pull, 'bob')
    await world.settle()
    await world.pass(minute)
    await world.merge(pull, 'carol')
    await world.settle()
    expect(world.writes.filter((write) => write.call === call)).toHaveLength(1)
    expect([...world.hub.checks.values()].map(({ conclusion }) => conclusion)).toEqual(['success'])
    expect([...world.hub.comments.values()].map(({ body }) => body.includes('**active**'))).toEqual([true])
  })

  test('and is not there: made again', async () => {
    const world = accessWorld()
    world.meet((one) => {
      if (one === call) throw new GitHubError('unavailable', 'GitHub is away')
    })
    world.request('a')
    await world.settle()
    world.meet(() => undefined)
    await world.pass(minute)
    expect(world.writes.filter((write) => write.call === call)).toHaveLength(1)
  })
})

test('who approved is asked again once the approval is void, and who was refused at the next head: once each', async () => {
  const world = accessWorld()
  world.hub.unaskable.add('carol')
  const pull = world.request('a')
  const asked = () => world.writes.filter(({ call }) => call === 'askReviewers').map(({ body }) => body)
  const looks = async () => {
    for (let look = 0; look < 3; look++) {
      await world.lookAtPull(pull)
      await world.pass(minute)
    }
  }
  await looks()
  expect(asked()).toEqual(['bob,carol'])
  world.review(pull, 'bob')
  await looks()
  expect(asked()).toHaveLength(1)
  world.push('a', { [filePath('a')]: requestFile('anew') }, 'alice')
  await looks()
  expect(asked()).toEqual(['bob,carol', 'bob,carol'])
  world.review(pull, 'bob')
  await looks()
  expect(asked()).toHaveLength(2)
  world.close(pull, 'alice')
  await world.settle()
  world.clock.advance(minute)
  world.reopen(pull, 'alice')
  await looks()
  expect(asked().slice(2)).toEqual(['bob'])
})

test.each([
  ['the answer is lost', new GitHubError('unavailable', 'no answer')],
  ['the replica is killed', new Error('killed')],
])('who is asked and nobody hears it is not asked again, reviewed or not: %s', async (_, error) => {
  const world = accessWorld()
  world.hub.loseAnswer('askReviewers', error)
  const pull = world.request('a')
  await world.settle().catch((thrown: unknown) => expect(thrown).toBe(error))
  world.review(pull, 'bob', 'COMMENTED')
  await world.settle()
  await world.pass(minute)
  const asked = () => world.writes.filter(({ call }) => call === 'askReviewers').map(({ body }) => body)
  expect(asked()).toEqual(['bob,carol'])
  expect((await world.store.projection(repositoryId, pull))?.asked).toEqual(['bob', 'carol'])
})

test('who was to be asked when GitHub was away is asked once it is back', async () => {
  const world = accessWorld()
  world.meet((call) => {
    if (call === 'askReviewers') throw new GitHubError('unavailable', 'GitHub is away')
  })
  world.request('a')
  await world.settle()
  world.meet(() => undefined)
  await world.pass(minute)
  expect(world.writes.filter(({ call }) => call === 'askReviewers').map(({ body }) => body)).toEqual([
    'bob,carol',
  ])
})

test('nothing is looked for that no lost answer can have left', async () => {
  const world = accessWorld()
  const asked: string[] = []
  world.meet((call) => void asked.push(call))
  const pull = world.request('a')
  await world.settle()
  world.push('a', { [filePath('a')]: requestFile('again') }, 'alice')
  await world.settle()
  world.review(pull, 'bob')
  await world.settle()
  expect(world.writes.filter(({ call }) => call === 'createCheck')).toHaveLength(2)
  expect(asked.filter((call) => call.startsWith('find'))).toEqual([])
})

test('a head that two share passes for neither; who is alone again gets a new check, which counts', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  world.review(pull, 'bob')
  await world.settle()
  const head = world.hub.git.tip('a')
  world.hub.move('twin', head, 'carol')
  const twin = world.hub.open('twin', 'carol')
  await world.settle()
  const checks = () => [...world.hub.checks.values()].map((check) => [check.externalId, check.conclusion])
  const named = (number: number) => `gitsudo:${repositoryId}:${number}`
  expect(checks()).toEqual([
    [named(pull), 'failure'],
    [named(twin), 'failure'],
  ])
  world.hub.close(twin, 'carol')
  await world.settle()
  expect(checks().at(-1)).toEqual([named(pull), 'success'])
})

test('of two that leave a shared head by a push, both are decided anew', async () => {
  const world = accessWorld()
  const pull = world.request('a')
  world.review(pull, 'bob')
  await world.settle()
  world.hub.move('twin', world.hub.git.tip('a'), 'carol')
  const twin = world.hub.open('twin', 'carol')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'denied' })
  world.push('twin', { [filePath('a')]: undefined }, 'carol')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'approved' })
  expect(await world.states(twin)).toEqual({ a: 'cancelled' })
})

describe('merge: auto', () => {
  test('merges the head that was decided on', async () => {
    const world = accessWorld({ merge: 'auto' })
    const pull = world.request('a')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })

  test('a head goes into the merge queue once; what took it out is for a person to undo', async () => {
    const world = accessWorld({ merge: 'auto' })
    const pull = world.request('a')
    world.hub.enqueue(pull, 'bob')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'approved' })
    world.push('a', { [filePath('a')]: requestFile('again') }, 'alice')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })

  test('what cannot be merged is tried again, but not every few seconds', async () => {
    const world = accessWorld({ merge: 'auto' })
    let tries = 0
    world.meet((call) => {
      if (call !== 'merge') return
      tries++
      throw new GitHubError('not_mergeable', 'another check is missing')
    })
    const pull = world.request('a')
    world.review(pull, 'bob')
    await world.settle()
    await world.pass(60 * minute)
    expect(tries).toBeGreaterThan(5)
    expect(tries).toBeLessThan(20)
    world.meet(() => undefined)
    await world.pass(10 * minute)
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })

  test('a merge that others came before is asked for again within seconds', async () => {
    const world = accessWorld({ merge: 'auto' })
    let others = 3
    world.meet((call) => {
      if (call === 'merge' && others-- > 0) throw new GitHubError('base_moved', 'the base branch moved')
    })
    const pull = world.request('a')
    world.review(pull, 'bob')
    await world.settle()
    await world.pass(8000)
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })

  test.each(['base_moved', 'conflict'] as const)('%s again and again is asked ever later', async (code) => {
    const world = accessWorld({ merge: 'auto' })
    const tries: number[] = []
    world.meet((call) => {
      if (call !== 'merge') return
      tries.push(world.clock.now())
      throw new GitHubError(code, 'something moved')
    })
    const pull = world.request('a')
    world.review(pull, 'bob')
    await world.settle()
    for (let second = 0; second < 60; second++) {
      await world.lookAtPull(pull)
      await world.pass(1000)
    }
    await world.pass(59 * minute)
    expect(tries.length).toBeGreaterThan(10)
    expect(tries.length).toBeLessThan(40)
    world.push('a', { [filePath('a')]: requestFile('anew') }, 'alice')
    world.clock.advance(1000)
    world.review(pull, 'bob')
    world.meet(() => undefined)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })

  test('those that lost the same race do not come back together', async () => {
    const world = accessWorld({ merge: 'auto' })
    world.meet((call) => {
      if (call === 'merge') throw new GitHubError('base_moved', 'the base branch moved')
    })
    const pulls = ['a', 'b', 'c'].map((name) => world.request(name))
    for (const pull of pulls) world.review(pull, 'bob')
    await world.settle()
    const due = pulls.map(async (pull) => (await world.store.projection(repositoryId, pull))?.lookAt)
    expect(new Set(await Promise.all(due)).size).toBe(3)
  })

  test('a head that moved unseen is looked at', async () => {
    const world = accessWorld({ merge: 'auto' })
    world.meet((call) => {
      if (call === 'merge') throw new GitHubError('conflict', 'the head moved')
    })
    const pull = world.request('a')
    world.review(pull, 'bob')
    await world.deliver()
    await world.lookAtPull(pull)
    world.queue.take()
    await world.publish(pull)
    expect(world.queue.take()).toContainEqual({ queue: 'pull-request', key: `${repositoryId}:${pull}` })
  })
})

describe('a write that GitHub refuses', () => {
  test.each(['createCheck', 'askReviewers', 'createComment'])(
    '%s does not hold up the others',
    async (bad) => {
      const world = accessWorld()
      world.meet((call) => {
        if (call === bad) throw new GitHubError('invalid', 'not a collaborator')
      })
      const pull = world.request('a')
      await world.settle()
      const others = ['createCheck', 'askReviewers', 'createComment'].filter((call) => call !== bad)
      expect(world.writes.map(({ call }) => call)).toEqual(others)
      world.meet(() => undefined)
      await world.pass(10 * minute)
      expect(world.writes.map(({ call }) => call).toSorted()).toEqual([...others, bad].toSorted())
      expect((await world.store.projection(repositoryId, pull))?.lookAt).toBeUndefined()
    },
  )

  test('for want of budget waits as long as it is told, and asks nothing more', async () => {
    const world = accessWorld()
    const retryAt = world.clock.now() + 7 * minute
    let asked = 0
    world.meet((call) => {
      if (!/create|ask/.test(call)) return
      asked++
      if (world.clock.now() < retryAt) throw new GitHubError('rate_limited', 'wait', { retryAt })
    })
    const pull = world.request('a')
    await world.settle()
    expect(asked).toBe(1)
    expect((await world.store.projection(repositoryId, pull))?.lookAt).toBe(retryAt)
    await world.pass(8 * minute)
    expect(world.writes).toHaveLength(3)
  })

  test('for want of permission is alerted', async () => {
    const world = accessWorld()
    world.meet((call) => {
      if (call === 'createCheck') throw new GitHubError('forbidden', 'permissions cut')
    })
    world.request('a')
    await world.settle()
    expect(world.alerts()).toContain('github.refuses')
  })
})
