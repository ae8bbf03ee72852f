import { afterEach, beforeEach, expect, test } from 'vitest'
import { failureOf, type Stage, setStage } from './stage.ts'

let stage: Stage
beforeEach(async () => {
  stage = await setStage()
})
afterEach(() => stage.close())

type Rule = { groupSize?: number; minimum?: number; method?: 'merge' | 'squash' | 'rebase' }
type Pull = { number: number; node_id: string; head: { sha: string } }
const of = (pull: { number: number }) => ({ ...stage.at, pull_number: pull.number })

const withQueue = (mergeQueue: Rule = {}) =>
  stage.admin.protectBranch('octo/access', 'main', {
    requiredChecks: [{ context: 'gitsudo', appId: stage.app.id }],
    mergeQueue,
  })

const report = (sha: string, conclusion: 'success' | 'failure') =>
  stage
    .asInstallation()
    .rest.checks.create({ ...stage.at, name: 'gitsudo', head_sha: sha, status: 'completed', conclusion })

const enqueue = (pull: Pull, expectedHeadOid = pull.head.sha) =>
  stage.mutate(
    stage.bob,
    'enqueuePullRequest',
    { pullRequestId: pull.node_id, expectedHeadOid },
    'mergeQueueEntry { position state headCommit { oid } baseCommit { oid } }',
  )

/** A pull request whose own check has passed. */
const ready = async (branch: string, files: Record<string, string> = { [`${branch}.txt`]: branch }) => {
  const pull = await stage.propose(stage.alice, branch, files)
  await report(pull.head.sha, 'success')
  return pull
}

type Group = { head_sha: string; head_ref: string; base_sha: string; base_ref: string }
const groups = async (action: string, count: number): Promise<{ group: Group; reason?: string }[]> => {
  await stage.hooks.of('merge_group', action, count)
  return stage.hooks.find('merge_group', action).map(({ payload }) => ({
    group: payload.merge_group as Group,
    ...(payload.reason === undefined ? {} : { reason: String(payload.reason) }),
  }))
}
const tip = async () =>
  (await stage.as(stage.bob.token).rest.git.getRef({ ...stage.at, ref: 'heads/main' })).data.object.sha

test('with a queue nobody merges by hand but an administrator, and nobody pushes', async () => {
  const { as, bob, root } = stage
  withQueue()
  const pull = await ready('hand')
  expect(await failureOf(as(bob.token).rest.pulls.merge(of(pull)))).toEqual({
    status: 405,
    message: expect.stringContaining('Changes must be made through the merge queue'),
  })
  const write = (token: string, branch: string) =>
    as(token).rest.repos.createOrUpdateFileContents({
      ...stage.at,
      branch,
      path: 'direct.txt',
      message: 'direct',
      content: 'eA==',
    })
  expect((await failureOf(write(bob.token, 'main'))).message).toContain('merge queue')
  await as(root.token).rest.pulls.merge(of(pull))
})

test('a pull request is enqueued at its head, checked on the group and merged by the queue', async () => {
  withQueue()
  const pull = await stage.propose(stage.alice, 'one', { 'one.txt': '1' })
  await expect(enqueue(pull)).rejects.toThrow('Required status check "gitsudo" is expected')
  await report(pull.head.sha, 'success')
  await expect(enqueue(pull, 'a'.repeat(40))).rejects.toThrow('Head branch was modified')
  const base = await tip()
  await enqueue(pull)
  await expect(enqueue(pull)).rejects.toThrow('already in the queue')
  const [asked] = await groups('checks_requested', 1)
  expect(asked?.group).toMatchObject({
    base_sha: base,
    base_ref: 'refs/heads/main',
    head_ref: `refs/heads/gh-readonly-queue/main/pr-${pull.number}-${base}`,
  })
  const sha = asked?.group.head_sha ?? ''
  expect(await tip()).toBe(base)
  await report(sha, 'success')
  expect(await tip()).toBe(sha)
  const merged = await stage.as(stage.bob.token).rest.pulls.get(of(pull))
  expect(merged.data).toMatchObject({
    merged: true,
    merge_commit_sha: sha,
    merged_by: { login: 'github-merge-queue[bot]' },
  })
  expect(await groups('destroyed', 1)).toMatchObject([{ reason: 'merged', group: { head_sha: sha } }])
  expect((await stage.hooks.of('pull_request', 'dequeued')).payload).toMatchObject({ reason: 'MERGE' })
  const gone = stage
    .as(stage.bob.token)
    .rest.git.getRef({ ...stage.at, ref: `heads/gh-readonly-queue/main/pr-${pull.number}-${base}` })
  expect((await failureOf(gone)).status).toBe(404)
})

test('several are checked in one group, and each keeps its own merge commit', async () => {
  withQueue({ groupSize: 3, minimum: 2 })
  const [one, two] = [await ready('first'), await ready('second')]
  await enqueue(one)
  expect(stage.hooks.find('merge_group')).toEqual([])
  await enqueue(two)
  const [asked] = await groups('checks_requested', 1)
  const compared = await stage.as(stage.bob.token).rest.repos.compareCommitsWithBasehead({
    ...stage.at,
    basehead: `${asked?.group.base_sha}...${asked?.group.head_sha}`,
  })
  expect(compared.data.files?.map(({ filename }) => filename)).toEqual(['first.txt', 'second.txt'])
  await report(asked?.group.head_sha ?? '', 'success')
  const commits = await Promise.all(
    [one, two].map(
      async (pull) => (await stage.as(stage.bob.token).rest.pulls.get(of(pull))).data.merge_commit_sha,
    ),
  )
  expect(commits[1]).toBe(asked?.group.head_sha)
  expect(commits[0]).not.toBe(commits[1])
  for (const [index, pull] of [one, two].entries()) {
    const told = await stage.as(stage.bob.token).rest.repos.listPullRequestsAssociatedWithCommit({
      ...stage.at,
      commit_sha: commits[index] ?? '',
    })
    expect(told.data.map(({ number }) => number)).toEqual([pull.number])
  }
})

test('a group stands on the one before; when that fails, it is built anew', async () => {
  withQueue()
  const [one, two] = [await ready('bad'), await ready('good')]
  await enqueue(one)
  await enqueue(two)
  const [first, second] = await groups('checks_requested', 2)
  expect(second?.group.base_sha).toBe(first?.group.head_sha)
  await report(second?.group.head_sha ?? '', 'success')
  const base = await tip()
  expect(base).toBe(first?.group.base_sha)
  await report(first?.group.head_sha ?? '', 'failure')
  const [, , again] = await groups('checks_requested', 3)
  expect(again?.group.base_sha).toBe(base)
  expect((await groups('destroyed', 2)).map(({ reason }) => reason)).toEqual(['dequeued', 'invalidated'])
  expect((await stage.hooks.of('pull_request', 'dequeued')).payload).toMatchObject({
    number: one.number,
    reason: 'CI_FAILURE',
  })
  await report(again?.group.head_sha ?? '', 'success')
  expect((await stage.as(stage.bob.token).rest.pulls.get(of(two))).data.merged).toBe(true)
  expect((await stage.as(stage.bob.token).rest.pulls.get(of(one))).data.merged).toBe(false)
})

test('a push, a draft, a wish and a foreign commit on the branch end a place or a group', async () => {
  const { alice, bob, root, as, commitTo, setDraft, mutate } = stage
  withQueue()
  const pull = await ready('leaves')
  await enqueue(pull)
  const head = await commitTo(alice, 'leaves', { 'leaves.txt': '2' })
  expect((await groups('destroyed', 1)).at(-1)?.reason).toBe('dequeued')
  await report(head, 'success')
  await enqueue(pull, head)
  await setDraft(alice, pull, true)
  await groups('destroyed', 2)
  await setDraft(alice, pull, false)
  await enqueue(pull, head)
  await mutate(bob, 'dequeuePullRequest', { id: pull.node_id }, 'mergeQueueEntry { position }')
  await groups('destroyed', 3)
  await enqueue(pull, head)
  const content = Buffer.from('x').toString('base64')
  await as(root.token).rest.repos.createOrUpdateFileContents({
    ...stage.at,
    path: 'beside.txt',
    message: 'beside',
    content,
  })
  expect((await groups('destroyed', 4)).at(-1)?.reason).toBe('invalidated')
  const asked = await groups('checks_requested', 5)
  expect(asked.at(-1)?.group.base_sha).toBe(await tip())
  await report(asked.at(-1)?.group.head_sha ?? '', 'success')
  expect((await as(bob.token).rest.pulls.get(of(pull))).data.merged).toBe(true)
})

test('nobody pushes to the queue’s own branches', async () => {
  withQueue()
  const pull = await ready('own')
  await enqueue(pull)
  const [asked] = await groups('checks_requested', 1)
  const ref = asked?.group.head_ref.slice('refs/'.length) ?? ''
  const moved = stage
    .as(stage.root.token)
    .rest.git.updateRef({ ...stage.at, ref, sha: pull.base.sha, force: true })
  expect((await failureOf(moved)).message).toContain('merge queue')
})

test('GraphQL gives what was asked for, and errors in its own way', async () => {
  const { mutate, alice, stranger, propose } = stage
  const pull = await propose(alice, 'graph', { 'graph.txt': '1' })
  const ask = (who: { token: string }, mutation: string, input: object, selection = 'clientMutationId') =>
    mutate(who, mutation, { ...input }, selection)
  await expect(ask(alice, 'enqueuePullRequest', { pullRequestId: pull.node_id })).rejects.toThrow(
    'Merge queue is not enabled',
  )
  await expect(ask(alice, 'enqueuePullRequest', { pullRequestId: 'PR_none' })).rejects.toThrow(
    'Could not resolve to a node',
  )
  await expect(ask(stranger, 'convertPullRequestToDraft', { pullRequestId: pull.node_id })).rejects.toThrow(
    'Not Found',
  )
  await expect(ask(alice, 'mergeEverything', {})).rejects.toThrow("doesn't exist on type 'Mutation'")
  await expect(
    ask(alice, 'convertPullRequestToDraft', { pullRequestId: pull.node_id }, 'pullRequest { colour }'),
  ).rejects.toThrow("field 'colour' doesn't exist")
})
