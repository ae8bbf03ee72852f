import { afterAll, beforeAll, expect, test } from 'vitest'
import { until } from '../../app/sandbox/until.ts'
import { type Stage, setStage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage.close())

const access = '/repos/acme/access'

test('the repository says who it is', async () => {
  expect(await stage.api.identity()).toEqual({ id: 7, fullName: 'acme/access' })
})

test('a pull request, open, closed and merged', async () => {
  const { api, as, propose } = stage
  const { number, sha } = await propose('alice', 'one')
  expect(await api.pull(number)).toEqual({
    number,
    state: 'open',
    merged: false,
    draft: false,
    author: { id: 11, login: 'alice', type: 'User' },
    base: { ref: 'main', repository: 7 },
    head: { ref: 'one', sha, repository: 7 },
    createdAt: stage.time.now,
    updatedAt: stage.time.now,
    nodeId: expect.any(String),
  })
  expect((await api.openPulls()).map((pull) => pull.number)).toContain(number)
  await expect(api.pull(9999)).rejects.toMatchObject({ name: 'GitHubError', code: 'not_found' })

  const { sha: merge } = await as('root', 'PUT', `${access}/pulls/${number}/merge`)
  const merged = await api.pull(number)
  expect(merged).toMatchObject({
    state: 'closed',
    merged: true,
    mergedAt: stage.time.now,
    mergeCommit: merge,
    mergedBy: { id: 15, login: 'root' },
  })
  const [tied] = await api.pullsOf(merge)
  const { mergedBy, ...listed } = merged
  expect(mergedBy).toBeDefined()
  expect(tied).toEqual(listed)
  expect(await api.pullsOf(stage.head)).toEqual([])

  const other = await propose('alice', 'two')
  await api.close(other.number)
  expect(await api.pull(other.number)).toMatchObject({ state: 'closed', merged: false })
  expect((await api.pull(other.number)).mergeCommit).toBeUndefined()
})

test('every page of a list is read', async () => {
  const { api, as, propose } = stage
  const { number } = await propose('alice', 'many')
  for (let n = 0; n < 101; n += 1) {
    await as('bob', 'POST', `${access}/pulls/${number}/reviews`, { event: 'COMMENT', body: `comment ${n}` })
  }
  expect(await api.reviews(number)).toHaveLength(101)
})

test('of more open pull requests than fit on a page none is missed, though one is closed meanwhile', async () => {
  const { admin, api, as, propose } = stage
  const { number: oldest, sha } = await propose('alice', 'crowd')
  let newest = 0
  for (let n = 0; n < 100; n += 1) {
    await as('alice', 'POST', `${access}/git/refs`, { ref: `refs/heads/crowd-${n}`, sha })
    const made = await as('alice', 'POST', `${access}/pulls`, {
      title: 'x',
      head: `crowd-${n}`,
      base: 'main',
    })
    newest = made.number
  }
  const path = /^\/repos\/acme\/access\/pulls\?.*[?&]page=2/
  const held = Promise.withResolvers<void>()
  admin.faults.api({ answer: 'slow', until: held.promise, path, count: 1 })
  const pages = () => admin.counters().calls['GET /repos/{owner}/{repo}/pulls'] ?? 0
  const before = pages()
  const listed = api.openPulls('whole')
  await until('the second page to be asked for', async () => pages() >= before + 2)
  // The newest are listed first: the oldest moves up to the page that was read.
  await api.close(newest)
  held.resolve()
  const numbers = (await listed).map(({ number }) => number)
  expect(numbers).toContain(oldest)
  expect(numbers.length).toBeGreaterThanOrEqual(100)
})

test('reviews with their states, by whom and of what', async () => {
  const { api, as, propose } = stage
  const { number, sha } = await propose('alice', 'reviewed')
  await as('bob', 'POST', `${access}/pulls/${number}/reviews`, { event: 'REQUEST_CHANGES', body: 'no' })
  const { id } = await as('bob', 'POST', `${access}/pulls/${number}/reviews`, { event: 'APPROVE' })
  const bob = { id: 12, login: 'bob', type: 'User' }
  const all = await api.reviews(number)
  expect(all.map(({ state }) => state)).toEqual(['CHANGES_REQUESTED', 'APPROVED'])
  expect(all[1]).toEqual({ id, reviewer: bob, state: 'APPROVED', commit: sha, submittedAt: stage.time.now })
  await as('root', 'PUT', `${access}/pulls/${number}/reviews/${id}/dismissals`, { message: 'stale' })
  expect((await api.reviews(number))[1]).toMatchObject({ id, state: 'DISMISSED' })
})

test('what people may do, and who they are', async () => {
  const { api, admin } = stage
  admin.setPermission('acme/access', 'dave', 'maintain')
  expect(await api.permission('dave')).toEqual({
    account: { id: 14, login: 'dave', type: 'User' },
    permission: 'maintain',
  })
  expect(await api.permission('bob')).toMatchObject({ permission: 'write' })
  expect(await api.permission('root')).toMatchObject({ permission: 'admin' })
  expect(['none', undefined]).toContain((await api.permission('carol'))?.permission)
  expect(await api.permission('nobody-of-that-name')).toBeUndefined()
  expect(await api.account('carol')).toEqual({ id: 13, login: 'carol', type: 'User' })
  expect(await api.account('acme')).toMatchObject({ type: 'Organization' })
  expect(await api.account('nobody-of-that-name')).toBeUndefined()
})

test('a team with nested teams, page after page', async () => {
  const { api, admin } = stage
  const crowd = Array.from({ length: 120 }, (_, n) => admin.createUser({ login: `member-${n}` }).login)
  admin.createTeam({ org: 'acme', slug: 'outer', members: ['bob'] })
  admin.createTeam({ org: 'acme', slug: 'middle', parent: 'outer', members: crowd })
  admin.createTeam({ org: 'acme', slug: 'inner', parent: 'middle', members: ['carol', 'bob'] })
  const members = await api.teamMembers('acme/outer')
  expect(members?.map((person) => person?.login).sort()).toEqual(['bob', 'carol', ...crowd].sort())
  expect(await api.teamMembers('acme/inner')).toHaveLength(2)
  for (const team of ['acme/none', 'other/outer', 'outer', 'acme/outer/inner', '']) {
    expect(await api.teamMembers(team)).toBeUndefined()
  }
})

test('who pushed to a branch', async () => {
  const { api, as, propose, commit } = stage
  await propose('alice', 'pushed')
  await commit('dave', 'pushed', 'more.txt', 'more')
  expect((await api.pushers('refs/heads/pushed')).map((person) => person?.login).sort()).toEqual([
    'alice',
    'dave',
  ])
  await as('root', 'DELETE', `${access}/git/refs/heads/pushed`)
  expect((await api.pushers('refs/heads/pushed')).map((person) => person?.login)).not.toContain('root')
  expect(await api.pushers('refs/heads/never')).toEqual([])
})

test('whether GitHub vouches for a commit', async () => {
  const { api, propose, as } = stage
  const { number, sha } = await propose('alice', 'vouched')
  expect(await api.commit(sha)).toMatchObject({ author: { id: 11 } })
  const { sha: merge } = await as('root', 'PUT', `${access}/pulls/${number}/merge`)
  expect(await api.commit(merge)).toMatchObject({ verified: true, committer: { login: 'web-flow' } })
  await expect(api.commit('d'.repeat(40))).rejects.toMatchObject({ name: 'GitHubError' })
})
