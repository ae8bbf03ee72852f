import { describe, expect, test } from 'vitest'
import { decideGroup } from '../../app/decision/merge-group.ts'
import { membersOf } from '../../app/reconcile/merge-group/members.ts'
import { GitError } from '../../app/reconcile/ports/git.ts'
import type { PullRequest } from '../../app/reconcile/ports/github.ts'
import { bomb, type Files, memoryGit } from '../support/memory/git.ts'
import { people } from '../support/memory/hub-people.ts'

const by = { name: 'alice', email: 'alice@example.com' }
const one = { 'requests/2026/12/one.yaml': '1' }
const two = { 'requests/2026/12/two.yaml': '2' }

const setUp = () => {
  const git = memoryGit('main')
  const base = git.commit([], { 'README.md': 'access' }, by)
  git.refs.set('main', base)
  let numbers = 0
  const open: PullRequest[] = []
  const propose = (files: Files, from = base): PullRequest => {
    const sha = git.commit([from], files, by)
    const pull: PullRequest = {
      number: ++numbers,
      state: 'open',
      merged: false,
      draft: false,
      author: people.alice,
      base: { ref: 'main', repository: 1 },
      head: { ref: `topic-${numbers}`, sha, repository: 1 },
      createdAt: 0,
      updatedAt: 0,
      nodeId: `PR_${numbers}`,
    }
    open.push(pull)
    return pull
  }
  /** A merge commit, or what squashing leaves: the same files without the history. */
  const merge = (onto: string, pull: PullRequest, files: Files) =>
    git.commit([onto, pull.head.sha], files, by)
  const squash = (onto: string, files: Files) => git.commit([onto], files, by)
  const members = async (from: string, to: string) => {
    const { pulls, strays, disputed } = await membersOf(git.mirror, open, from, to)
    return { pulls: pulls.map(({ number }) => number), strays, disputed }
  }
  return { git, base, propose, merge, squash, members }
}

test('merged ones are known by their heads, squashed ones by their bytes', async () => {
  const { base, propose, merge, squash, members } = setUp()
  const [first] = [propose(one), propose(two), propose({ 'requests/2026/12/three.yaml': '3' })]
  const none = { strays: [], disputed: [] }
  const merged = merge(base, first, one)
  expect(await members(base, merged)).toEqual({ pulls: [1], ...none })
  expect(await members(base, squash(merged, two))).toEqual({ pulls: [1, 2], ...none })
  expect(await members(merged, squash(merged, two))).toEqual({ pulls: [2], ...none })
})

test('what no open pull request brings is a stray, and other bytes are somebody else’s', async () => {
  const { base, propose, merge, squash, members } = setUp()
  const first = propose(one)
  const other = { 'requests/2026/12/one.yaml': 'other' }
  expect(await members(base, squash(base, other))).toMatchObject({ pulls: [], strays: Object.keys(other) })
  expect(await members(base, merge(base, first, { ...one, ...two }))).toMatchObject({
    pulls: [1],
    strays: Object.keys(two),
  })
})

test('of two that bring the same bytes the merged one is meant; squashed, it cannot be told', async () => {
  const { base, propose, merge, squash, members } = setUp()
  const first = propose(one)
  propose(one)
  expect(await members(base, merge(base, first, one))).toEqual({ pulls: [1], strays: [], disputed: [] })
  expect(await members(base, squash(base, one))).toEqual({
    pulls: [1, 2],
    strays: [],
    disputed: Object.keys(one),
  })
})

test('one whose changes are not all there is not in it, nor one that is merged already', async () => {
  const { base, propose, merge, squash, members } = setUp()
  propose({ ...one, ...two })
  expect(await members(base, squash(base, one))).toMatchObject({ pulls: [], strays: Object.keys(one) })
  const done = propose(two)
  const before = merge(base, done, two)
  expect(await members(before, squash(before, one))).toMatchObject({ pulls: [], strays: Object.keys(one) })
})

describe('an open pull request too large to be read', () => {
  const large = { 'requests/bomb': bomb }

  test('keeps nobody else from being found', async () => {
    const { base, propose, merge, squash, members } = setUp()
    propose(large)
    const good = propose(one)
    propose({ ...two, ...large })
    const none = { strays: [], disputed: [] }
    expect(await members(base, merge(base, good, one))).toEqual({ pulls: [2], ...none })
    expect(await members(base, squash(base, one))).toEqual({ pulls: [2], ...none })
  })

  test('is in no group that passes', async () => {
    const { git, base, propose, merge, squash, members } = setUp()
    const bad = propose({ ...two, ...large })
    await expect(members(base, merge(base, bad, { ...two, ...large }))).rejects.toMatchObject({
      code: 'too_large',
    })
    await expect(members(base, squash(base, large))).rejects.toMatchObject({ code: 'too_large' })
    // Of what the branch itself took back meanwhile, the group shows only the rest.
    const holding = git.commit([base], large, by)
    const rest = propose({ ...two, 'requests/bomb': undefined }, holding)
    const from = git.commit([holding], { 'requests/bomb': undefined }, by)
    await expect(members(from, merge(from, rest, two))).rejects.toMatchObject({ code: 'too_large' })
    const squashed = squash(from, two)
    const group = await members(from, squashed)
    expect(group).toEqual({ pulls: [], strays: Object.keys(two), disputed: [] })
    const { verdict } = decideGroup({ head: squashed, ...group, members: [], policiesAhead: [] })
    expect(verdict).toBe('denied')
  })

  test('hides no other trouble', async () => {
    const { git, base, propose, squash, members } = setUp()
    propose(large)
    propose(one)
    Object.assign(git.mirror, { mergeBase: () => Promise.reject(new GitError('corrupt', 'damaged')) })
    await expect(members(base, squash(base, one))).rejects.toMatchObject({ code: 'corrupt' })
  })
})
