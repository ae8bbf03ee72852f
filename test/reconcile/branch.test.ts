import { describe, expect, test } from 'vitest'
import { catchUp, type Passed } from '../../app/reconcile/catch-up.ts'
import { inTurnBy } from '../../app/reconcile/in-turn.ts'
import { GitHubError } from '../../app/reconcile/ports/github.ts'
import { createPullReconciler } from '../../app/reconcile/pull-request.ts'
import { requestId } from '../../app/request/id.ts'
import { testEvent } from '../support/events.ts'
import {
  type AccessWorld,
  accessWorld,
  filePath,
  memoryDirectory,
  requestFile,
} from '../support/memory/access-world.ts'
import { repositoryId } from '../support/memory/hub.ts'

const minute = 60_000
const granted = async (world: AccessWorld, name = 'a'): Promise<number> => {
  const pull = world.request(name)
  await world.settle()
  world.review(pull, 'bob')
  await world.settle()
  await world.merge(pull, 'alice')
  await world.settle()
  return pull
}
const refusals = (world: AccessWorld) =>
  world.ledger.events().flatMap(({ type, data }) => (type === 'grant.refused' ? [data.path] : []))

describe('the branch', () => {
  test('a file pushed without a pull request is refused once, and never granted', async () => {
    const world = accessWorld()
    world.push('main', { [filePath('x')]: requestFile('x') }, 'carol')
    await world.settle()
    await world.lookAtBranch()
    expect(refusals(world)).toEqual([filePath('x')])
    expect(world.store.grantRows()).toEqual([])
  })

  test('and once more when it is pushed again after it was taken away: each time is on record', async () => {
    const world = accessWorld()
    const push = async (text: string | undefined) => {
      world.push('main', { [filePath('x')]: text }, 'carol')
      await world.settle()
    }
    await push(requestFile('x'))
    await push(undefined)
    await push(requestFile('x'))
    await world.lookAtBranch()
    expect(refusals(world)).toEqual([filePath('x'), filePath('x')])
    expect(
      new Set(world.ledger.events().flatMap(({ type, commit }) => (type === 'grant.refused' ? [commit] : [])))
        .size,
    ).toBe(2)
  })

  test('a refusal of another hand does not stand in for its own', async () => {
    const world = accessWorld()
    const path = filePath('x')
    const id = requestId(repositoryId, 0, path)
    world.ledger.insert(
      testEvent(1, { type: 'grant.refused', request: id, data: { path, why: 'of another hand' } }),
    )
    world.push('main', { [path]: requestFile('x') }, 'carol')
    await world.settle()
    await world.lookAtBranch()
    expect(refusals(world)).toEqual([path, path])
  })

  test.each([
    ['deleted', undefined],
    ['changed', requestFile('else')],
  ])('a file %s by a direct push revokes', async (_, text) => {
    const world = accessWorld()
    const pull = await granted(world)
    world.push('main', { [filePath('a')]: text }, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'ended' })
  })

  test('a request’s row that somebody hid keeps no grant whose file went', async () => {
    const world = accessWorld()
    const pull = await granted(world)
    const [row] = world.store.requestRows()
    if (row === undefined) throw new Error('no request')
    world.store.tamperRequest({ ...row, path: filePath('elsewhere') })
    world.push('main', { [filePath('a')]: undefined }, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ elsewhere: 'ended' })
  })

  test('whoever is a stranger to the accepted policies and has a grant all the same loses it', async () => {
    const world = accessWorld()
    const pull = await granted(world)
    const { policies } = world.deps
    const nobody = { ...memoryDirectory(), byId: () => undefined }
    world.deps.policies = {
      ...policies,
      get: async (id, commit) => ({ ...(await policies.get(id, commit)), directory: nobody }),
    }
    await world.lookAtBranch()
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'ended' })
  })

  test('policies that cannot be loaded stop nobody who follows it', async () => {
    const world = accessWorld()
    await granted(world)
    const get = () => Promise.reject(Object.assign(new Error('no'), { name: 'PolicyLoadError' }))
    world.deps.policies = { ...world.deps.policies, get }
    await world.lookAtBranch()
  })

  test('a cursor that somebody set past a deletion hides it from nobody', async () => {
    const world = accessWorld()
    const pull = await granted(world)
    world.push('main', { [filePath('a')]: undefined }, 'carol')
    await world.store.transaction((tx) =>
      world.store.saveBranch(tx, { repository: repositoryId, cursor: world.git.tip('main') }),
    )
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'ended' })
  })

  test('a grant given while it reads the branch is not held against the tip of before', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    await world.lookAtBranch()
    const { mirror } = world.git
    const { fetch } = mirror
    Object.assign(mirror, {
      fetch: async (wants: readonly string[]) => {
        const answer = await fetch(wants)
        mirror.fetch = fetch
        await world.merge(pull, 'alice')
        await world.settle()
        return answer
      },
    })
    await world.lookAtBranch()
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })

  test('a cursor that somebody set among the commits of a pull request pushed by hand hides none of them', async () => {
    const world = accessWorld()
    world.push('p', { 'README.md': 'slipped in' }, 'alice')
    const first = world.git.tip('p')
    world.push('p', { [filePath('a')]: requestFile('a') }, 'alice')
    const pull = world.open('p', 'alice')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    world.pushHead(pull, 'carol')
    await world.store.transaction((tx) =>
      world.store.saveBranch(tx, { repository: repositoryId, cursor: first }),
    )
    await world.deliver()
    world.queue.take()
    await world.lookAtPull(pull)
    expect(await world.states(pull)).toEqual({ a: 'refused' })
  })

  test('a cursor that somebody set back, or on no commit at all, grants nothing and ends nothing', async () => {
    const world = accessWorld()
    const start = world.git.tip('main')
    const pull = await granted(world)
    world.push('main', { [filePath('x')]: requestFile('x') }, 'carol')
    await world.settle()
    for (const cursor of [start, 'f'.repeat(40)]) {
      await world.store.transaction((tx) => world.store.saveBranch(tx, { repository: repositoryId, cursor }))
      await world.lookAtBranch()
      await world.settle()
    }
    expect(refusals(world)).toEqual([filePath('x')])
    expect(await world.states(pull)).toEqual({ a: 'active' })
    expect(world.store.grantRows()).toHaveLength(1)
  })

  test('a file changed and changed back between two looks revokes', async () => {
    const world = accessWorld()
    const pull = await granted(world)
    world.push('main', { [filePath('a')]: 'else' }, 'carol')
    world.push('main', { [filePath('a')]: requestFile('a') }, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'ended' })
  })

  test('rewritten to before a grant revokes it', async () => {
    const world = accessWorld()
    const start = world.git.tip('main')
    const pull = await granted(world)
    world.move('main', start, 'carol')
    await world.settle()
    expect(world.alerts()).toContain('branch.rewritten')
    expect(await world.states(pull)).toEqual({ a: 'ended' })
  })

  test('rewritten, and the old history gone: what is missing is revoked, what is there stays and is not refused', async () => {
    const world = accessWorld()
    const kept = await granted(world, 'kept')
    const gone = await granted(world, 'gone')
    const cursor = world.git.tip('main')
    const other = world.git.commit(
      [],
      { [filePath('kept')]: requestFile('kept') },
      { name: 'carol', email: 'carol@example.com' },
    )
    world.move('main', other, 'carol')
    world.git.forget(cursor)
    await world.settle()
    expect(await world.states(gone)).toEqual({ gone: 'ended' })
    expect(await world.states(kept)).toEqual({ kept: 'active' })
    expect(refusals(world)).toEqual([])
  })

  test('a file that a merge made by hand brings along is refused', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    world.review(pull, 'bob')
    await world.settle()
    await world.merge(pull, 'alice', 'merge', { [filePath('stowaway')]: requestFile('stowaway') })
    await world.settle()
    expect(refusals(world)).toContain(filePath('stowaway'))
  })

  test('wakes every pull request that one merge completed', async () => {
    const world = accessWorld()
    const head = world.push('x', { [filePath('a')]: requestFile('a') }, 'alice')
    world.move('y', head, 'alice')
    const [first, second] = [world.open('x', 'alice'), world.open('y', 'alice')]
    await world.settle()
    await world.merge(first, 'alice')
    world.sent.length = 0
    await world.lookAtBranch()
    const keys = world.queue.take().map(({ key }) => key)
    expect(keys).toEqual(expect.arrayContaining([`${repositoryId}:${first}`, `${repositoryId}:${second}`]))
  })

  test('wakes none whose verdict has come: there is nothing left to ask GitHub', async () => {
    const world = accessWorld()
    const before = world.git.tip('main')
    const pull = world.request('a')
    world.review(pull, 'bob')
    await world.settle()
    await world.merge(pull, 'alice')
    await world.lookAtPull(pull)
    await world.deps.store.transaction((tx) =>
      world.deps.store.saveBranch(tx, { repository: repositoryId, cursor: before }),
    )
    world.queue.take()
    await world.lookAtBranch()
    expect(world.queue.take()).toEqual([])
  })

  test('one process walks it once, however many verdicts need it walked', async () => {
    const world = accessWorld()
    const pulls = ['a', 'b', 'c'].map((name) => world.request(name))
    for (const pull of pulls) world.review(pull, 'bob')
    await world.settle()
    for (const pull of pulls) await world.merge(pull, 'carol')
    let asked = 0
    world.meet((call) => {
      if (call === 'pullsOf') asked += 1
    })
    const deps = { ...world.deps, following: inTurnBy() }
    const reconciler = createPullReconciler(deps)
    await Promise.all(pulls.map((pull) => reconciler.look(`${repositoryId}:${pull}`)))
    expect(asked).toBe(pulls.length)
    for (const pull of pulls)
      expect((await world.deps.store.pull(repositoryId, pull))?.decision.verdict).toBe('passed')
  })

  test('a worker that slept does not move the cursor back', async () => {
    const world = accessWorld()
    await world.lookAtBranch()
    world.push('main', { 'a.md': 'a' }, 'carol')
    const { mirror } = world.git
    const { fetch } = mirror
    let slept = false
    Object.assign(mirror, {
      fetch: async (wants: readonly string[]) => {
        const answer = await fetch(wants)
        if (slept) return answer
        slept = true
        world.push('main', { 'b.md': 'b' }, 'carol')
        await world.lookAtBranch()
        return answer
      },
    })
    await world.lookAtBranch()
    expect((await world.store.branch(repositoryId))?.cursor).toBe(world.git.tip('main'))
  })
})

describe('catch-up', () => {
  test('a repository or deliveries that GitHub does not show stop nobody else', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    world.meet((call) => {
      if (call === 'openPulls') throw new GitHubError('not_found', 'renamed')
    })
    const github = {
      ...world.deps.github,
      redeliverMissed: () => Promise.reject(new GitHubError('unavailable', 'away')),
    }
    await catchUp({ ...world.deps, github })
    const woken = world.queue.take()
    expect(woken).toContainEqual({ queue: 'branch', key: String(repositoryId) })
    expect(woken).toContainEqual({ queue: 'pull-request', key: `${repositoryId}:${pull}` })
  })

  test('a delivery lost long before the last one that came is asked for', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    await world.settle()
    world.review(pull, 'bob')
    world.lost.push(...world.sent.splice(0))
    world.clock.advance(30 * minute)
    world.comment(pull, 'alice', 'hello')
    await world.settle()
    await catchUp(world.deps)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'approved' })
  })

  test('of what is open it looks at what changed since the pass before, and once an hour at all', async () => {
    const world = accessWorld()
    const [quiet, reviewed] = [world.request('a'), world.request('b')]
    await world.settle()
    world.clock.advance(11 * minute)
    const pulls = async (before?: Passed) => {
      const passed = await catchUp(world.deps, before)
      const keys = world.queue.take().flatMap(({ queue, key }) => (queue === 'pull-request' ? [key] : []))
      return { passed, keys: new Set(keys) }
    }
    const key = (pull: number) => `${repositoryId}:${pull}`
    const first = await pulls()
    expect(first.keys).toEqual(new Set([key(quiet), key(reviewed)]))

    world.review(reviewed, 'bob')
    world.sent.length = 0
    const second = await pulls(first.passed)
    expect(second.keys).toEqual(new Set([key(reviewed)]))
    // What was told of it may have been out of date.
    expect((await pulls(second.passed)).keys).toEqual(new Set([key(reviewed)]))

    world.clock.advance(11 * minute)
    const third = await pulls(second.passed)
    expect((await pulls(third.passed)).keys).toEqual(new Set())
    await world.merge(reviewed, 'carol')
    world.sent.length = 0
    expect((await pulls(third.passed)).keys).toEqual(new Set([key(reviewed)]))

    world.clock.advance(60 * minute)
    expect((await pulls(third.passed)).keys).toEqual(new Set([key(quiet), key(reviewed)]))
  })

  test('finds everything when no delivery ever comes', async () => {
    const world = accessWorld()
    const pull = world.request('a')
    world.sent.length = 0
    await catchUp(world.deps)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'pending' })
    await world.merge(pull, 'carol')
    world.sent.length = 0
    await catchUp(world.deps)
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'refused' })
  })
})

test('what may have been lost just now is asked about again soon', async () => {
  const world = accessWorld()
  const passed = async (underWay: number) => {
    const github = { ...world.deps.github, redeliverMissed: async () => ({ asked: 0, underWay }) }
    return (await catchUp({ ...world.deps, github })).soon
  }
  expect([await passed(0), await passed(1)]).toEqual([false, true])
})
