// Steps of the branch with more in them than is read: a pull request that is merged by rebase brings its commits one by
// one, and what one of them holds and the next takes back no check ever saw (trust.md 3.4, 3.5).
import { describe, expect, test } from 'vitest'
import { GitError, type Mirror } from '../../app/reconcile/ports/git.ts'
import { mirrorOf } from '../git/mirror-of.ts'
import { folder, repository as remoteOf } from '../git/remote.ts'
import { accessWorld, filePath, requestFile } from '../support/memory/access-world.ts'
import { bomb } from '../support/memory/git.ts'
import { repositoryId } from '../support/memory/hub.ts'
import { rulesPath, rulesText } from './model/rules.ts'
import { policyWorld } from './policy-change/world.ts'
import { approved } from './pull-request/approved.ts'

const carol = { name: 'carol', email: 'carol@example.com' }
const bombPath = 'requests/bomb'

const granted = async (world = accessWorld()) => {
  const pull = await approved(world)
  await world.merge(pull, 'alice')
  await world.settle()
  await world.lookAtBranch()
  expect(await world.states(pull)).toEqual({ a: 'active' })
  return { world, pull }
}
type World = ReturnType<typeof accessWorld>
const cursor = async (world: World) => (await world.store.branch(repositoryId))?.cursor
const told = (world: World) =>
  world.deps.log.lines.flatMap(({ message, fields }) =>
    message === 'branch.unreadable' ? [fields?.commit] : [],
  )
const refused = (world: World) =>
  world.ledger.events().flatMap(({ type, data }) => (type === 'grant.refused' ? [data.path] : []))

describe('with real Git', () => {
  const bombs = {
    'that unfolds without end': (remote: ReturnType<typeof remoteOf>) => remote.bomb(),
    'of 50,001 files': (remote: ReturnType<typeof remoteOf>) => {
      const line = (n: number) => `100644 blob ${remote.blob('')}\t${n}\0`
      const [first = ''] = [line(0)]
      const lines = Array.from({ length: 50_001 }, (_, n) => first.replace('\t0\0', `\t${n}\0`))
      return { mode: '040000', sha: remote.git(['mktree', '-z'], lines.join('')) }
    },
  }
  test.each(Object.entries(bombs))('past a folder %s a deletion revokes', async (_, make) => {
    const { world, pull } = await granted()
    using root = folder()
    const remote = remoteOf(root.path)
    using at = mirrorOf(`${root.path}/mirrors`, (name) => `file://${root.path}/${name}.git`)
    const kept = { [filePath('a')]: requestFile('a') }
    const before = remote.commit(kept)
    const holding = remote.commit({ ...kept, 'requests/bomb': make(remote) }, [before])
    const back = remote.commit(kept, [holding])
    const tip = remote.commit({ 'README.md': '' }, [back])
    remote.branch(tip)
    await at.mirror.fetch([])
    world.deps.git = { mirror: (): Mirror => at.mirror }
    await world.store.transaction((tx) =>
      world.store.saveBranch(tx, { repository: repositoryId, cursor: before }),
    )
    await world.lookAtBranch()
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'ended' })
    expect(await cursor(world)).toBe(tip)
    expect(told(world)).toEqual([holding])
  })
})

test('takes nothing from whoever kept his file, and is told of once', async () => {
  const { world, pull } = await granted()
  const holding = world.push('main', { [bombPath]: bomb }, 'carol')
  await world.settle()
  await world.lookAtBranch()
  const back = world.push('main', { [bombPath]: undefined }, 'carol')
  await world.settle()
  await world.lookAtBranch()
  expect(await world.states(pull)).toEqual({ a: 'active' })
  expect(await cursor(world)).toBe(back)
  expect(told(world)).toEqual([holding, back])
})

test.each([
  ['deleted', undefined],
  ['changed', requestFile('else')],
])('a file %s in it and put back by the next revokes', async (_, text) => {
  const { world, pull } = await granted()
  world.push('main', { [bombPath]: bomb, [filePath('a')]: text }, 'carol')
  world.push('main', { [bombPath]: undefined, [filePath('a')]: requestFile('a') }, 'carol')
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'ended' })
})

test('a file deleted in it revokes a grant whose intent is not sealed yet', async () => {
  const world = accessWorld()
  const pull = await approved(world)
  await world.lookAtBranch()
  const { seal } = world.ledger
  Object.assign(world.ledger, { down: true, seal: () => undefined })
  await world.merge(pull, 'alice')
  await world.deliver()
  world.queue.take()
  await world.lookAtPull(pull).catch(() => undefined)
  world.push('main', { [bombPath]: bomb, [filePath('a')]: undefined }, 'carol')
  world.push('main', { [bombPath]: undefined, [filePath('a')]: requestFile('a') }, 'carol')
  world.sent.length = 0
  await world.lookAtBranch()
  Object.assign(world.ledger, { down: false, seal })
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'ended' })
})

test('a file that cannot be looked at any more counts as gone', async () => {
  const { world, pull } = await granted()
  const { mirror } = world.git
  const { entry } = mirror
  const holding = world.push('main', { [bombPath]: bomb }, 'carol')
  const tooLarge = (commit: string) =>
    commit === holding ? Promise.reject(new GitError('too_large', 'a huge folder')) : undefined
  Object.assign(mirror, {
    entry: (commit: string, path: string) => tooLarge(commit) ?? entry(commit, path),
  })
  await world.settle()
  expect(await world.states(pull)).toEqual({ a: 'ended' })
})

test('what it left is seen at the step that takes back the rest: a file without a pull request is refused', async () => {
  const { world } = await granted()
  world.push('main', { [bombPath]: bomb, [filePath('x')]: requestFile('x') }, 'carol')
  world.push('main', { [bombPath]: undefined }, 'carol')
  await world.settle()
  expect(refused(world)).toEqual([filePath('x')])
})

test('what it brings and keeps grants nothing', async () => {
  const { world } = await granted()
  world.push('b', { [bombPath]: bomb, [filePath('b')]: requestFile('b') }, 'alice')
  const pull = world.open('b', 'alice')
  world.review(pull, 'bob')
  await world.settle()
  await world.merge(pull, 'carol')
  await world.settle()
  await world.pass(2 * 3_600_000)
  expect(await cursor(world)).toBe(world.git.tip('main'))
  expect(world.store.grantRows()).toHaveLength(1)
})

test('a branch that is rewritten to it, known or not, loses nobody who kept his file', async () => {
  const { world, pull } = await granted()
  const old = world.git.tip('main')
  const first = world.git.parents(old)[0] ?? old
  const kept = { [filePath('a')]: requestFile('a'), [bombPath]: bomb }
  world.move('main', world.git.commit([first], kept, carol), 'carol')
  await world.lookAtBranch()
  world.git.forget(old)
  const other = world.git.commit([], kept, carol)
  world.move('main', other, 'carol')
  await world.lookAtBranch()
  expect(await cursor(world)).toBe(other)
  expect(told(world)).toContain(other)
  expect(await world.states(pull)).toEqual({ a: 'active' })
})

describe('a push of it', () => {
  test('stops nobody who reads what pushes took', async () => {
    const { world, pull } = await granted()
    const before = world.git.tip('main')
    world.push('main', { [bombPath]: bomb }, 'carol')
    world.move('main', before, 'carol')
    await world.settle()
    await world.lookAtBranch()
    expect(await world.states(pull)).toEqual({ a: 'active' })
  })

  test('takes what it took, though the branch was set forward again', async () => {
    const { world, pull } = await granted()
    const before = world.git.tip('main')
    world.push('main', { [bombPath]: bomb, [filePath('a')]: undefined }, 'carol')
    world.move('main', before, 'carol')
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'ended' })
  })

  test('nor is one given whose file it took before the verdict and whoever pushed put back at once', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.lookAtBranch()
    await world.merge(pull, 'alice')
    await world.deliver()
    world.queue.take()
    world.push('main', { [bombPath]: bomb, [filePath('a')]: undefined }, 'carol')
    world.push('main', { [bombPath]: undefined, [filePath('a')]: requestFile('a') }, 'carol')
    world.sent.length = 0
    await world.lookAtPull(pull)
    await world.settle()
    await world.lookAtBranch()
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'refused' })
  })

  test('before the verdict, too', async () => {
    const world = accessWorld()
    const pull = await approved(world)
    await world.merge(pull, 'alice')
    const merged = world.git.tip('main')
    world.push('main', { [bombPath]: bomb, [filePath('a')]: undefined }, 'carol')
    world.move('main', merged, 'carol')
    await world.deliver()
    world.queue.take()
    await world.lookAtBranch()
    await world.lookAtPull(pull)
    await world.settle()
    await world.lookAtBranch()
    await world.settle()
    expect(await world.states(pull)).toEqual({ a: 'ended' })
  })
})

describe('policies', () => {
  const refusedPolicies = (world: ReturnType<typeof policyWorld>) =>
    world.ledger.events().flatMap(({ type, commit }) => (type === 'policy.refused' ? [commit] : []))

  test('nothing in it is accepted, what it left is seen by the next, and others go on', async () => {
    const world = policyWorld()
    await world.lookAtBranch()
    const before = await world.accepted()
    const holding = world.push('main', { 'policies/bomb': bomb, [rulesPath]: rulesText('auto') }, 'carol')
    const back = world.push('main', { 'policies/bomb': undefined }, 'carol')
    await world.settle()
    expect(await world.accepted()).toBe(before)
    expect(told(world)).toEqual([holding])
    expect(refusedPolicies(world)).toEqual([back])
    world.push('main', { [rulesPath]: rulesText('usual') }, 'carol')
    await world.settle()
    const accepted = await world.change('two')
    expect(await world.accepted()).toBe(accepted)
  })

  test('a head with more than is read in it proposes nothing', async () => {
    const world = policyWorld()
    await world.lookAtBranch()
    const before = await world.accepted()
    world.push('x', { bomb, [rulesPath]: rulesText('auto') }, 'alice')
    const pull = world.open('x', 'alice')
    world.review(pull, 'carol')
    await world.settle()
    const merge = await world.merge(pull, 'bob')
    await world.settle()
    expect(await cursor(world)).toBe(merge)
    expect(refusedPolicies(world)).toEqual([merge])
    expect(await world.accepted()).toBe(before)
  })
})
