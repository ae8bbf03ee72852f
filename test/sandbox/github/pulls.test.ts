import { afterAll, beforeAll, expect, test } from 'vitest'
import { failureOf, type Stage, setStage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage.close())

const of = (pull: { number: number }) => ({ ...stage.at, pull_number: pull.number })

test('a pull request from opening to merge', async () => {
  const { as, alice, bob, at, propose } = stage
  const pull = await propose(alice, 'life', { 'requests/2026/02/life.yaml': 'a: 1\nb: 2\n' })
  expect(pull).toMatchObject({
    state: 'open',
    draft: false,
    merged: false,
    user: { login: 'alice' },
    mergeable: true,
  })
  expect(pull).toMatchObject({
    commits: 1,
    additions: 2,
    deletions: 0,
    changed_files: 1,
    mergeable_state: 'clean',
  })
  const files = await as(bob.token).rest.pulls.listFiles(of(pull))
  expect(files.data).toMatchObject([
    {
      filename: 'requests/2026/02/life.yaml',
      status: 'added',
      additions: 2,
      patch: '@@ -0,0 +1,2 @@\n+a: 1\n+b: 2',
    },
  ])
  const commits = await as(bob.token).rest.pulls.listCommits(of(pull))
  expect(commits.data).toMatchObject([
    {
      sha: pull.head.sha,
      author: { login: 'alice' },
      commit: { verification: { verified: false, reason: 'unsigned' } },
    },
  ])
  const review = await as(bob.token).rest.pulls.createReview({ ...of(pull), event: 'APPROVE', body: 'fine' })
  expect(review.data).toMatchObject({ state: 'APPROVED', commit_id: pull.head.sha, user: { login: 'bob' } })
  const merged = await as(bob.token).rest.pulls.merge({ ...of(pull), sha: pull.head.sha })
  expect(merged.data.merged).toBe(true)
  const after = await as(alice.token).rest.pulls.get(of(pull))
  expect(after.data).toMatchObject({
    state: 'closed',
    merged: true,
    merge_commit_sha: merged.data.sha,
    merged_by: { login: 'bob' },
    changed_files: 1,
  })
  const commit = await as(alice.token).rest.repos.getCommit({ ...at, ref: merged.data.sha })
  expect(commit.data).toMatchObject({
    author: { login: 'bob' },
    committer: { login: 'web-flow' },
    commit: {
      author: { email: `${bob.id}+bob@users.noreply.github.com` },
      committer: { name: 'GitHub', email: 'noreply@github.com' },
      verification: { verified: true, reason: 'valid' },
    },
    files: [{ filename: 'requests/2026/02/life.yaml' }],
  })
  expect(commit.data.commit.message).toBe(`Merge pull request #${pull.number} from octo/life\n\nlife`)
  expect((await failureOf(as(bob.token).rest.pulls.merge(of(pull)))).status).toBe(405)
})

test.each(['merge', 'squash', 'rebase'] as const)('%s makes real commits', async (merge_method) => {
  const { as, alice, bob, at, propose, commitTo, git, repository } = stage
  const pull = await propose(alice, `by-${merge_method}`, { [`${merge_method}.txt`]: '1' })
  const head = await commitTo(alice, `by-${merge_method}`, { [`${merge_method}.txt`]: '2' })
  const before = (await as(bob.token).rest.git.getRef({ ...at, ref: 'heads/main' })).data.object.sha
  const moved = await as(bob.token).rest.repos.createOrUpdateFileContents({
    ...at,
    path: `beside-${merge_method}.txt`,
    message: 'beside',
    content: Buffer.from('x').toString('base64'),
  })
  expect(moved.data.commit.verification?.verified).toBe(true)
  const stale = await failureOf(
    as(bob.token).rest.pulls.merge({ ...of(pull), merge_method, sha: pull.head.sha }),
  )
  expect(stale).toEqual({ status: 409, message: expect.stringContaining('Head branch was modified') })
  const { data } = await as(bob.token).rest.pulls.merge({ ...of(pull), merge_method, sha: head })
  const lines = (
    await git(repository.gitDir, null, 'rev-list', '--parents', '--first-parent', 'main', `^${before}`)
  ).split('\n')
  expect(lines[0]?.split(' ')[0]).toBe(data.sha)
  expect(lines[0]?.split(' ').length).toBe(merge_method === 'merge' ? 3 : 2)
  expect(lines.length).toBe(merge_method === 'rebase' ? 3 : 2)
  expect(await git(repository.gitDir, null, 'show', `main:${merge_method}.txt`)).toBe('2')
  expect(await git(repository.gitDir, null, 'show', `main:beside-${merge_method}.txt`)).toBe('x')
  expect(await git(repository.gitDir, null, 'fsck', '--strict', '--no-dangling')).not.toMatch(/error/)
})

test('conflicts, drafts and unknown branches are refused in GitHub’s words', async () => {
  const { as, alice, bob, at, propose } = stage
  const one = await propose(alice, 'clash-1', { 'clash.txt': 'one' })
  const two = await propose(alice, 'clash-2', { 'clash.txt': 'two' })
  const api = as(bob.token).rest.pulls
  await api.merge(of(one))
  expect((await api.get(of(two))).data).toMatchObject({ mergeable: false, mergeable_state: 'dirty' })
  expect(await failureOf(api.merge(of(two)))).toMatchObject({
    status: 405,
    message: expect.stringContaining('not mergeable'),
  })
  const draft = await propose(alice, 'draft', { 'draft.txt': 'x' })
  expect(await stage.setDraft(alice, draft, true)).toEqual({ pullRequest: { isDraft: true } })
  expect(await failureOf(api.merge(of(draft)))).toMatchObject({
    status: 405,
    message: expect.stringContaining('draft'),
  })
  await stage.setDraft(alice, draft, false)
  await stage.admin.deliveriesSettled()
  const actions = stage.hooks.hooks
    .filter((hook) => hook.payload.number === draft.number)
    .map((hook) => hook.payload.action)
  expect(actions).toEqual(expect.arrayContaining(['converted_to_draft', 'ready_for_review']))
  const create = (head: string, base: string) => failureOf(api.create({ ...at, title: 't', head, base }))
  expect(await create('clash-2', 'main')).toMatchObject({
    message: expect.stringContaining('already exists for octo:clash-2'),
  })
  expect(await create('main', 'main')).toMatchObject({
    message: expect.stringContaining('No commits between main and main'),
  })
  expect(await create('nowhere', 'main')).toMatchObject({ status: 422 })
})

test('closing, reopening and retargeting', async () => {
  const { as, alice, at, propose, commitTo, hooks } = stage
  const pull = await propose(alice, 'turns', { 't.txt': '1' })
  const api = as(alice.token).rest
  expect((await api.pulls.update({ ...of(pull), state: 'closed' })).data.state).toBe('closed')
  const moved = await commitTo(alice, 'turns', { 't.txt': '2' })
  expect((await api.pulls.update({ ...of(pull), state: 'open' })).data).toMatchObject({
    state: 'open',
    head: { sha: moved },
  })
  await api.git.createRef({ ...at, ref: 'refs/heads/other', sha: pull.base.sha })
  const retargeted = await api.pulls.update({ ...of(pull), base: 'other', title: 'new title' })
  expect(retargeted.data).toMatchObject({ base: { ref: 'other' }, title: 'new title' })
  await stage.admin.deliveriesSettled()
  const edited = hooks.find('pull_request', 'edited').at(-1)
  expect(edited?.payload.changes).toEqual({
    title: { from: 'turns' },
    base: { ref: { from: 'main' }, sha: { from: expect.any(String) } },
  })
  await api.pulls.update({ ...of(pull), state: 'closed' })
  await commitTo(alice, 'turns', { 't.txt': '3' }, true)
  expect(await failureOf(api.pulls.update({ ...of(pull), state: 'open' }))).toMatchObject({
    status: 422,
    message: expect.stringContaining('force-pushed'),
  })
})

test('deleting the head branch closes, pushing its commits to the base merges', async () => {
  const { as, alice, bob, at, propose } = stage
  const closed = await propose(alice, 'deleted', { 'd.txt': 'x' })
  await as(alice.token).rest.git.deleteRef({ ...at, ref: 'heads/deleted' })
  expect((await as(alice.token).rest.pulls.get(of(closed))).data).toMatchObject({
    state: 'closed',
    merged: false,
  })
  const pushed = await propose(alice, 'by-push', { 'p.txt': 'x' })
  await as(bob.token).rest.git.updateRef({ ...at, ref: 'heads/main', sha: pushed.head.sha })
  expect((await as(alice.token).rest.pulls.get(of(pushed))).data).toMatchObject({
    merged: true,
    merged_by: { login: 'bob' },
  })
})

test('updating the branch merges the base into it, by whoever asked', async () => {
  const { as, admin, alice, bob, at, propose, hooks } = stage
  const pull = await propose(alice, 'behind', { 'behind.txt': 'x' })
  await as(bob.token).rest.repos.createOrUpdateFileContents({
    ...at,
    path: 'ahead.txt',
    message: 'ahead',
    content: Buffer.from('x').toString('base64'),
  })
  await as(bob.token).rest.pulls.updateBranch({ ...of(pull), expected_head_sha: pull.head.sha })
  await admin.deliveriesSettled()
  expect(hooks.find('pull_request', 'synchronize').at(-1)?.payload).toMatchObject({
    number: pull.number,
    before: pull.head.sha,
    sender: { login: 'bob' },
  })
  const compared = await as(bob.token).rest.repos.compareCommitsWithBasehead({
    ...at,
    basehead: 'main...behind',
  })
  expect(compared.data).toMatchObject({
    status: 'ahead',
    ahead_by: 2,
    behind_by: 0,
    files: [{ filename: 'behind.txt' }],
  })
})

test('a pull request from a fork', async () => {
  const { as, admin, alice, bob, at, repository, git } = stage
  await admin.forkRepository('octo/access', 'bob')
  await as(bob.token).rest.repos.createOrUpdateFileContents({
    owner: 'bob',
    repo: 'access',
    path: 'fork.txt',
    message: 'fork',
    content: Buffer.from('x').toString('base64'),
  })
  const pull = await as(bob.token).rest.pulls.create({ ...at, title: 'fork', head: 'bob:main', base: 'main' })
  expect(pull.data).toMatchObject({ head: { label: 'bob:main', repo: { fork: true } }, commits: 1 })
  const pushed = await as(bob.token).rest.repos.createOrUpdateFileContents({
    owner: 'bob',
    repo: 'access',
    path: 'fork2.txt',
    message: 'fork',
    content: Buffer.from('x').toString('base64'),
  })
  expect(await git(repository.gitDir, null, 'rev-parse', `refs/pull/${pull.data.number}/head`)).toBe(
    pushed.data.commit.sha,
  )
  await as(alice.token).rest.pulls.merge({ ...at, pull_number: pull.data.number })
  expect(await git(repository.gitDir, null, 'show', 'main:fork2.txt')).toBe('x')
})

test('a merge that needs no merging of files gives what git gives', async () => {
  const { as, alice, bob, propose, git, repository } = stage
  const one = await propose(alice, 'apart-1', { 'apart/a.txt': 'a', 'apart/deep/b.txt': 'b' })
  const two = await propose(alice, 'apart-2', {
    'apart/c.txt': 'c',
    'requests/2026/01/old.yaml': 'old: false\n',
  })
  const three = await propose(alice, 'apart-3', {
    'apart/a.txt/inside.txt': 'a folder where the other has a file',
  })
  await as(bob.token).rest.pulls.merge(of(one))
  const base = await git(repository.gitDir, null, 'rev-parse', 'main')
  const byGit = await git(repository.gitDir, null, 'merge-tree', '--write-tree', base, two.head.sha)
  const merged = await as(bob.token).rest.pulls.merge(of(two))
  expect(await git(repository.gitDir, null, 'rev-parse', `${merged.data.sha}^{tree}`)).toBe(byGit)
  expect((await as(bob.token).rest.pulls.get(of(two))).data).toMatchObject({
    additions: 2,
    deletions: 1,
    changed_files: 2,
  })
  expect((await as(bob.token).rest.pulls.get(of(three))).data.mergeable).toBe(false)
})
