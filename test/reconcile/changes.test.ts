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
