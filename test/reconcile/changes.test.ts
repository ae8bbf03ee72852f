import { expect, test } from 'vitest'
import { diffOf } from '../../app/reconcile/observe/changes.ts'
import type { PullRequest } from '../../app/reconcile/ports/github.ts'
import { mirrorOf } from '../git/mirror-of.ts'
import { folder, repository } from '../git/remote.ts'

const number = 7
const pullAt = (head: string, merge: string, of = number): PullRequest => ({
  number: of,
  state: 'closed',
  draft: false,
  merged: true,
  mergeCommit: merge,
  author: { id: 1, login: 'alice', type: 'User' },
  base: { ref: 'main', repository: 7 },
  createdAt: 0,
  updatedAt: 0,
  nodeId: `PR_${of}`,
  head: { sha: head, ref: `ask/${of}`, repository: 7 },
})

/** A branch, a pull request of two commits on it, and what else a merge made by hand can bring. */
const history = (commit: ReturnType<typeof repository>['commit']) => {
  const main = { 'README.md': 'access' }
  const a = { ...main, 'requests/a.yaml': 'a' }
  const b = { ...a, 'requests/b.yaml': 'b' }
  const start = commit(main)
  const tip = commit({ ...main, 'later.md': 'later' }, [start])
  const first = commit(a, [tip])
  const head = commit(b, [first])
  const beside = commit({ ...a, 'beside.md': 'x' }, [first])
  const around = commit({ ...a, 'around.md': 'x' }, [tip, first])
  return { commit, b, start, tip, first, head, beside, around }
}
type History = ReturnType<typeof history>

test.each<readonly [string, (at: History) => readonly string[]]>([
  ['as GitHub does', ({ tip, head }) => [tip, head]],
  ['on part of itself', ({ first, head }) => [first, head]],
  ['on a commit on top of part of itself', ({ beside, head }) => [beside, head]],
  ['on a commit that merged part of itself', ({ around, head }) => [around, head]],
  ['with the branch as second parent', ({ tip, head }) => [head, tip]],
  ['of three, part of itself first', ({ tip, first, head }) => [first, tip, head]],
])('a merge made %s is judged whole', async (_, parentsOf) => {
  using at = folder()
  const remote = repository(at.path)
  const all = history(remote.commit)
  const merge = remote.commit(all.b, parentsOf(all), 'Merge')
  remote.git(['update-ref', 'refs/heads/main', merge])
  using git = mirrorOf(`${at.path}/mirror`, (name) => `file://${at.path}/${name}.git`)
  const own = [all.first, all.head, merge]
  const pull = pullAt(all.head, merge)
  const api = { pullsOf: async (commit: string) => (own.includes(commit) ? [pull] : []) }
  const { base, changes } = await diffOf(api, git.mirror, pull)
  expect([all.tip, all.start]).toContain(base)
  expect(changes.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['requests/a.yaml', 'requests/b.yaml']),
  )
})

test.each<readonly [string, (at: History) => readonly string[], (at: History) => string, number]>([
  ['as GitHub does', ({ tip, head }) => [tip, head], ({ tip }) => tip, 1],
  ['on part of itself', ({ first, head }) => [first, head], ({ tip }) => tip, 2],
])(
  'of a merge made %s nobody is asked for what the branch held at the opening',
  async (_, parentsOf, openedOn, asked) => {
    using at = folder()
    const remote = repository(at.path)
    const all = history(remote.commit)
    const merge = remote.commit(all.b, parentsOf(all), 'Merge')
    remote.git(['update-ref', 'refs/heads/main', merge])
    using git = mirrorOf(`${at.path}/mirror`, (name) => `file://${at.path}/${name}.git`)
    const pull = pullAt(all.head, merge)
    const own = [all.first, all.head, merge]
    const asks: string[] = []
    const pullsOf = async (commit: string) => {
      asks.push(commit)
      return own.includes(commit) ? [pull] : []
    }
    const { base, changes } = await diffOf({ pullsOf }, git.mirror, pull, openedOn(all))
    expect([base, changes.length, asks.length]).toEqual([all.tip, 3, asked])
    expect(own).toEqual(expect.arrayContaining(asks))
  },
)

test('what the branch held at the opening and lost since is the pull request’s own again', async () => {
  using at = folder()
  const remote = repository(at.path)
  const { tip, first, head } = history(remote.commit)
  // Opened when the branch held the first commit; the branch was set back, and the head pushed by hand.
  remote.git(['update-ref', 'refs/heads/main', head])
  using git = mirrorOf(`${at.path}/mirror`, (name) => `file://${at.path}/${name}.git`)
  const pull = pullAt(head, head)
  const pullsOf = async (commit: string) => ([first, head].includes(commit) ? [pull] : [])
  const { base } = await diffOf({ pullsOf }, git.mirror, pull, first)
  expect(base).toBe(tip)
})

test('what another pull request brought before is not this one’s', async () => {
  using at = folder()
  const remote = repository(at.path)
  const { b, tip, first, head, commit } = history(remote.commit)
  const before = commit({ 'README.md': 'access', 'requests/a.yaml': 'a' }, [tip, first], 'Merge 6')
  const merge = commit(b, [before, head], 'Merge 7')
  remote.git(['update-ref', 'refs/heads/main', merge])
  using git = mirrorOf(`${at.path}/mirror`, (name) => `file://${at.path}/${name}.git`)
  const [mine, earlier] = [pullAt(head, merge), pullAt(first, before, 6)]
  const tied = new Map([
    [first, [mine, earlier]],
    [head, [mine]],
    [before, [earlier]],
    [merge, [mine]],
  ])
  const { changes } = await diffOf({ pullsOf: async (one) => tied.get(one) ?? [] }, git.mirror, mine)
  expect(changes.map(({ path }) => path)).toEqual(['requests/b.yaml'])
})

/** A head that "Update branch" merged the branch into; what came to the branch meanwhile is nobody's request. */
const updated = (commit: ReturnType<typeof repository>['commit']) => {
  const main = { 'README.md': 'access' }
  const pushed = { ...main, 'requests/pushed.yaml': 'p' }
  const both = { ...pushed, 'requests/a.yaml': 'a' }
  const start = commit(main)
  const tip = commit(pushed, [start], 'Pushed')
  const first = commit({ ...main, 'requests/a.yaml': 'a' }, [start])
  const head = commit(both, [first, tip], 'Update branch')
  const onTop = commit({ ...both, 'requests/b.yaml': 'b' }, [head])
  return { commit, both, start, tip, first, head, onTop }
}
type Updated = ReturnType<typeof updated>

/** The request of the pull request that brings `head` to the branch by `merge`, as the trees say it. */
const brought = async (of: (at: Updated) => { readonly head: string; readonly merge: string }) => {
  using at = folder()
  const remote = repository(at.path)
  const all = updated(remote.commit)
  const { head, merge } = of(all)
  remote.git(['update-ref', 'refs/heads/main', merge])
  using git = mirrorOf(`${at.path}/mirror`, (name) => `file://${at.path}/${name}.git`)
  const pull = pullAt(head, merge)
  const api = { pullsOf: async (one: string) => ([all.start, all.tip].includes(one) ? [] : [pull]) }
  return (await diffOf(api, git.mirror, pull)).changes.map(({ path }) => path)
}

test.each<readonly [string, (at: Updated) => string]>([
  ['a merge', ({ commit, both, tip, head }) => commit(both, [tip, head], 'Merge')],
  ['a squash', ({ commit, both, tip }) => commit(both, [tip], 'Squash')],
  ['a rebase', ({ commit, both, tip }) => commit(both, [commit({ ...both, 'x.md': 'x' }, [tip])], 'Rebase')],
])('%s by GitHub of an updated branch brings what is its own', async (_, mergeOf) => {
  expect(await brought((all) => ({ head: all.head, merge: mergeOf(all) }))).toEqual(['requests/a.yaml'])
})

test.each<readonly [string, (at: Updated) => { readonly head: string; readonly merge: string }]>([
  [
    'merged by hand on its head',
    ({ commit, both, tip, head }) => ({ head, merge: commit(both, [head, tip]) }),
  ],
  ['pushed by hand as the branch', ({ head }) => ({ head, merge: head })],
  ['pushed by hand with a commit on top', ({ onTop }) => ({ head: onTop, merge: onTop })],
])('an updated branch %s is trouble, for what reached the branch meanwhile is not its own', async (_, of) => {
  const why = /is a merge of the pull request's own: .* a pull request that GitHub merges/
  await expect(brought(of)).rejects.toThrow(why)
})

test('a pull request that merged into another branch excuses no commit', async () => {
  using at = folder()
  const remote = repository(at.path)
  const { b, first, head, commit } = history(remote.commit)
  const merge = commit(b, [first, head], 'Merge')
  remote.git(['update-ref', 'refs/heads/main', merge])
  using git = mirrorOf(`${at.path}/mirror`, (name) => `file://${at.path}/${name}.git`)
  const pull = pullAt(head, merge)
  const aside: PullRequest = { ...pullAt(first, first, 6), base: { ref: 'side', repository: 7 } }
  const tied = new Map([
    [first, [pull, aside]],
    [head, [pull]],
    [merge, [pull]],
  ])
  const { changes } = await diffOf({ pullsOf: async (one) => tied.get(one) ?? [] }, git.mirror, pull)
  expect(changes.map(({ path }) => path)).toContain('requests/a.yaml')
})

/** Merged by hand on what the branch held long before; what came since is in the head's history, and nobody's request. */
test.each<readonly [string, boolean, RegExp | readonly string[]]>([
  ['is trouble', false, /brings [0-9a-f]{40}, which is not the pull request's own: .* that GitHub merges/],
  ['is judged whole where all of it is its own', true, ['requests/a.yaml', 'requests/b.yaml']],
])('a merge on an older commit of the branch %s', async (_, own, expected) => {
  using at = folder()
  const remote = repository(at.path)
  const { commit, b, start, tip, first, head } = history(remote.commit)
  const merge = commit({ ...b, 'later.md': 'later' }, [start, head], 'Merge')
  remote.git(['update-ref', 'refs/heads/main', merge])
  using git = mirrorOf(`${at.path}/mirror`, (name) => `file://${at.path}/${name}.git`)
  const pull = pullAt(head, merge)
  const tied = own ? [tip, first, head, merge] : [first, head, merge]
  const told = diffOf({ pullsOf: async (one) => (tied.includes(one) ? [pull] : []) }, git.mirror, pull)
  if (expected instanceof RegExp) await expect(told).rejects.toThrow(expected)
  else expect((await told).changes.map(({ path }) => path)).toEqual(expect.arrayContaining([...expected]))
})

test.each([
  ['pushed by hand', (head: string) => head],
  ['merged by hand on its head', undefined],
] as const)('more than 200 commits %s are trouble', async (_, mergeOf) => {
  using at = folder()
  const remote = repository(at.path)
  const start = remote.commit({ 'README.md': 'access' })
  const own = remote.line(start, 202)
  const head = own.at(-1) ?? start
  const merge = mergeOf?.(head) ?? remote.commitTree(`${start}^{tree}`, [head, start], 'Merge')
  remote.git(['update-ref', 'refs/heads/main', merge])
  using git = mirrorOf(`${at.path}/mirror`, (name) => `file://${at.path}/${name}.git`)
  const pull = pullAt(head, merge)
  const api = { pullsOf: async (one: string) => (own.includes(one) ? [pull] : []) }
  await expect(diffOf(api, git.mirror, pull)).rejects.toThrow('more than 200 commits')
})
