import { afterEach, beforeEach, expect, test } from 'vitest'
import { failureOf, type Stage, setStage } from './stage.ts'

let stage: Stage
beforeEach(async () => {
  stage = await setStage()
})
afterEach(() => stage.close())

const of = (pull: { number: number }) => ({ ...stage.at, pull_number: pull.number })

test('two pull requests with one head: merging one merges the other, into both of whose commits it is tied', async () => {
  const { as, alice, bob, at, propose, hooks } = stage
  const one = await propose(alice, 'twin-1', { 'twin.txt': '1' })
  const mine = as(alice.token).rest
  await mine.git.createRef({ ...at, ref: 'refs/heads/twin-2', sha: one.head.sha })
  const two = (await mine.pulls.create({ ...at, title: 'twin', head: 'twin-2', base: 'main' })).data
  expect(two.head.sha).toBe(one.head.sha)
  const merged = await as(bob.token).rest.pulls.merge(of(one))
  expect((await mine.pulls.get(of(two))).data).toMatchObject({
    merged: true,
    merge_commit_sha: merged.data.sha,
    merged_by: { login: 'bob' },
  })
  await hooks.of('pull_request', 'closed', 2)
  const tied = await mine.repos.listPullRequestsAssociatedWithCommit({ ...at, commit_sha: merged.data.sha })
  expect(tied.data.map(({ number }) => number).sort()).toEqual([one.number, two.number].sort())
})

test('every commit that a rebase put on the branch is tied to its pull request', async () => {
  const { as, alice, bob, at, propose, commitTo } = stage
  const pull = await propose(alice, 'many', { 'many.txt': '1' })
  for (const text of ['2', '3']) await commitTo(alice, 'many', { 'many.txt': text })
  // Something beside it, so that the rebase makes new commits.
  await as(bob.token).rest.pulls.merge(of(await propose(bob, 'beside', { 'beside.txt': '1' })))
  await as(bob.token).rest.pulls.merge({ ...of(pull), merge_method: 'rebase' })
  const history = (await as(bob.token).rest.repos.listCommits({ ...at, per_page: 3 })).data
  for (const { sha } of history) {
    const tied = await as(bob.token).rest.repos.listPullRequestsAssociatedWithCommit({
      ...at,
      commit_sha: sha,
    })
    expect(tied.data.map(({ number }) => number)).toEqual([pull.number])
  }
})

test('deleting the merged head of one turns those based on it to its base', async () => {
  const { as, alice, bob, at, propose, hooks } = stage
  const lower = await propose(alice, 'lower', { 'lower.txt': '1' })
  const mine = as(alice.token).rest
  await mine.git.createRef({ ...at, ref: 'refs/heads/upper', sha: lower.head.sha })
  await stage.commitTo(alice, 'upper', { 'upper.txt': '1' })
  const upper = (await mine.pulls.create({ ...at, title: 'upper', head: 'upper', base: 'lower' })).data
  await as(bob.token).rest.pulls.merge(of(lower))
  await mine.git.deleteRef({ ...at, ref: 'heads/lower' })
  expect((await mine.pulls.get(of(upper))).data).toMatchObject({ state: 'open', base: { ref: 'main' } })
  expect((await hooks.of('pull_request', 'edited')).payload).toMatchObject({
    changes: { base: { ref: { from: 'lower' } } },
    sender: { login: 'alice' },
  })
})

test('a permission that is taken back dies in tokens that had it', async () => {
  const { asInstallation, admin, at, propose, alice } = stage
  const pull = await propose(alice, 'cut', { 'cut.txt': '1' })
  const api = asInstallation().rest
  const check = { ...at, name: 'gitsudo', head_sha: pull.head.sha, status: 'in_progress' } as const
  await api.checks.create(check)
  admin.setAppPermissions('gitsudo', { metadata: 'read', contents: 'read', checks: 'read' })
  expect(await failureOf(api.checks.create(check))).toMatchObject({
    status: 403,
    message: expect.stringContaining('not accessible by integration'),
  })
  await api.checks.listForRef({ ...at, ref: pull.head.sha })
  expect((await failureOf(api.pulls.get(of(pull)))).status).toBe(403)
})

test('symlinks, submodules and renames are what they are, in Git and in the files list', async () => {
  const { as, alice, at, propose } = stage
  const pull = await propose(alice, 'modes', { 'requests/2026/03/plain.yaml': 'a: 1\n' })
  const mine = as(alice.token).rest
  const blob = (await mine.git.createBlob({ ...at, content: '../../../README.md' })).data.sha
  const tree = await mine.git.createTree({
    ...at,
    base_tree: pull.head.sha,
    tree: [
      { path: 'requests/2026/03/link.yaml', mode: '120000', type: 'blob', sha: blob },
      { path: 'requests/2026/03/module.yaml', mode: '160000', type: 'commit', sha: pull.base.sha },
      { path: 'requests/2026/01/old.yaml', mode: '100644', type: 'blob', sha: null },
      { path: 'requests/2026/03/moved.yaml', mode: '100644', type: 'blob', content: 'old: true\n' },
    ],
  })
  const commit = await mine.git.createCommit({
    ...at,
    message: 'modes',
    tree: tree.data.sha,
    parents: [pull.head.sha],
  })
  await mine.git.updateRef({ ...at, ref: 'heads/modes', sha: commit.data.sha })
  const files = (await mine.pulls.listFiles(of(pull))).data
  expect(
    files.map(({ filename, status, previous_filename }) => [filename, status, previous_filename]),
  ).toEqual([
    ['requests/2026/03/link.yaml', 'added', undefined],
    ['requests/2026/03/module.yaml', 'added', undefined],
    ['requests/2026/03/moved.yaml', 'renamed', 'requests/2026/01/old.yaml'],
    ['requests/2026/03/plain.yaml', 'added', undefined],
  ])
  const read = (name: string) =>
    mine.repos.getContent({ ...at, path: `requests/2026/03/${name}.yaml`, ref: 'modes' })
  expect((await read('link')).data).toMatchObject({ type: 'symlink' })
  expect((await read('module')).data).toMatchObject({ type: 'submodule' })
})

test('the files list stops at 3,000', async () => {
  const { as, alice, propose } = stage
  const many = Object.fromEntries(
    Array.from({ length: 3005 }, (_, n) => [`many/${String(n).padStart(4, '0')}.txt`, '1']),
  )
  const pull = await propose(alice, 'crowd', { ...many, 'zz-last.txt': '1' })
  expect(pull.changed_files).toBe(3006)
  const mine = as(alice.token).rest
  expect((await mine.pulls.listFiles({ ...of(pull), per_page: 100, page: 30 })).data).toHaveLength(100)
  expect((await mine.pulls.listFiles({ ...of(pull), per_page: 100, page: 31 })).data).toEqual([])
})
