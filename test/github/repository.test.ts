import { afterAll, beforeAll, expect, test } from 'vitest'
import { appManifest } from '../../app/github/manifest.ts'
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

test('a check with more annotations than one call takes', async () => {
  const { api, as, propose, spent } = stage
  const { sha } = await propose('alice', 'checked')
  const annotation = (line: number) => ({
    path: 'requests/2026/01/checked.yaml',
    startLine: line,
    endLine: line,
    startColumn: 1,
    endColumn: 4,
    message: `fault ${line}`,
    title: 'fault',
  })
  const check = {
    headSha: sha,
    externalId: 'gitsudo:7:1',
    status: 'completed',
    conclusion: 'failure',
    title: 'refused',
    summary: 'why',
    annotations: Array.from({ length: 120 }, (_, n) => annotation(n + 1)),
  } as const
  spent.length = 0
  const id = await api.createCheck(check)
  expect(spent).toEqual(Array(3).fill({ installation: stage.installation, cost: 1 }))
  const read = async () => {
    const run = await as('root', 'GET', `${access}/check-runs/${id}`)
    const pages = [1, 2].map((page) =>
      as('root', 'GET', `${access}/check-runs/${id}/annotations?per_page=100&page=${page}`),
    )
    return { run, annotations: (await Promise.all(pages)).flat() }
  }
  const first = await read()
  expect(first.run).toMatchObject({
    name: 'gitsudo',
    head_sha: sha,
    external_id: 'gitsudo:7:1',
    status: 'completed',
    conclusion: 'failure',
    output: { title: 'refused', summary: 'why', annotations_count: 120 },
  })
  expect(first.annotations[119]).toMatchObject({ start_line: 120, start_column: 1, message: 'fault 120' })

  // Again with one more, spanning lines: GitHub adds what it is sent, so only that one goes out.
  const more = { ...annotation(200), endLine: 201 }
  await api.updateCheck(id, { ...check, annotations: [...check.annotations, more] })
  expect((await read()).annotations).toHaveLength(121)

  await api.updateCheck(id, { ...check, status: 'in_progress', title: 'looking again', annotations: [] })
  expect((await read()).run).toMatchObject({ status: 'in_progress', output: { title: 'looking again' } })
  const { conclusion: _, ...open } = check
  await expect(api.createCheck({ ...open, headSha: 'd'.repeat(40) })).rejects.toMatchObject({
    code: 'invalid',
  })
})

test('one comment, edited in place', async () => {
  const { api, as, propose } = stage
  const { number } = await propose('alice', 'commented')
  const id = await api.createComment(number, 'first')
  await api.editComment(id, 'second')
  expect(await as('alice', 'GET', `${access}/issues/${number}/comments`)).toMatchObject([
    { id, body: 'second', user: { login: 'gitsudo[bot]', type: 'Bot' } },
  ])
  const theirs = await as('alice', 'POST', `${access}/issues/${number}/comments`, { body: 'thanks' })
  const written = { id: theirs.id, pull: number, body: 'thanks', edited: false }
  const since = await api.commentsSince(0)
  expect(since).toContainEqual({
    ...written,
    author: expect.objectContaining({ login: 'alice', type: 'User' }),
  })
  expect(since).toContainEqual(expect.objectContaining({ id, pull: number, body: 'second' }))
  await expect(api.editComment(99_999_999, 'gone')).rejects.toMatchObject({ code: 'not_found' })
})

test('our own comment is found again by its mark, and nobody else’s', async () => {
  const { api, as, admin, propose, hub, app } = stage
  const { number } = await propose('alice', 'marked')
  const mark = '<!-- gitsudo:7:1 -->'
  await as('bob', 'POST', `${access}/issues/${number}/comments`, { body: mark })
  const through = admin.createUserToken('alice', { app: 'gitsudo' })
  const sent = await fetch(`${hub.apiUrl}${access}/issues/${number}/comments`, {
    method: 'POST',
    headers: { authorization: `token ${through}`, 'content-type': 'application/json' },
    body: JSON.stringify({ body: mark }),
  })
  expect(await sent.json()).toMatchObject({
    user: { login: 'alice' },
    performed_via_github_app: { id: app.id },
  })
  await api.createComment(number, 'another of ours')
  expect(await api.findComment(number, mark)).toBeUndefined()
  for (let n = 0; n < 100; n += 1)
    await as('bob', 'POST', `${access}/issues/${number}/comments`, { body: 'x' })
  const id = await api.createComment(number, `${mark} and more`)
  expect(await api.findComment(number, mark)).toBe(id)
})

test('our own check is found again by its external id', async () => {
  const { api, admin, make, propose } = stage
  const { sha } = await propose('alice', 'lost')
  const check = {
    headSha: sha,
    externalId: 'gitsudo:7:77',
    status: 'in_progress',
    title: 'looking',
    summary: '',
    annotations: [],
  } as const
  const { default_permissions: permissions } = appManifest({ name: 'gitsudo', url: '', webhookUrl: '' })
  const impostor = admin.createApp({ slug: 'impostor', owner: 'acme', permissions, events: [] })
  admin.installApp('impostor', 'acme/access')
  const { id: appId, privateKey } = impostor
  await make({ appId, privateKey }).repository(7).createCheck(check)
  await api.createCheck({ ...check, externalId: 'gitsudo:7:78' })
  expect(await api.findCheck(sha, check.externalId)).toBeUndefined()
  const id = await api.createCheck(check)
  await api.createCheck({ ...check, externalId: 'gitsudo:7:79' })
  expect(await api.findCheck(sha, check.externalId)).toBe(id)
})

test('reviewers are asked, and one who cannot be asked spoils nothing', async () => {
  const { api, admin, as, propose, lines } = stage
  admin.createTeam({ org: 'acme', slug: 'approvers', members: ['bob'] })
  admin.setTeamPermission('acme/access', 'approvers', 'write')
  const { number } = await propose('alice', 'asked')
  const asked = async () => {
    const { users, teams } = await as('alice', 'GET', `${access}/pulls/${number}/requested_reviewers`)
    return [
      ...users.map((user: { login: string }) => user.login),
      ...teams.map((team: { slug: string }) => team.slug),
    ]
  }
  await api.askReviewers(number, { users: ['bob'], teams: ['approvers'] })
  expect(await asked()).toEqual(['bob', 'approvers'])
  await api.askReviewers(number, { users: ['dave', 'erin', 'alice'], teams: [] })
  expect(await asked()).toEqual(['bob', 'dave', 'approvers'])
  const refused = lines.filter(({ message }) => message.includes('reviewer')).map(({ fields }) => fields)
  expect(refused).toMatchObject([{ reviewer: 'erin' }, { reviewer: 'alice' }])
  await api.askReviewers(number, { users: ['alice'], teams: [] })
  await api.askReviewers(number, { users: [], teams: [] })
  expect(await asked()).toHaveLength(3)
})

test('a merge with the expected head, one that moved, and one that rules forbid', async () => {
  const { api, admin, propose, commit } = stage
  const { number, sha } = await propose('alice', 'merging')
  const moved = await commit('alice', 'merging', 'later.txt', 'later')
  await expect(api.merge(number, sha)).rejects.toMatchObject({ code: 'conflict' })
  admin.protectBranch('acme/access', 'main', { requiredReviews: 1, enforceAdmins: true })
  await expect(api.merge(number, moved)).rejects.toMatchObject({ code: 'not_mergeable' })
  admin.unprotectBranch('acme/access', 'main')
  await api.merge(number, moved)
  expect(await api.pull(number)).toMatchObject({
    merged: true,
    mergedBy: { login: 'gitsudo[bot]', type: 'Bot' },
  })
  await expect(api.merge(number, moved)).rejects.toMatchObject({ code: 'not_mergeable' })
})

test('whose check of our name the branch requires', async () => {
  const { api, admin, app } = stage
  const required = (...checks: { context: string; appId?: number | null }[]) => {
    admin.protectBranch('acme/access', 'main', { requiredChecks: checks })
    return api.requiredCheck('main')
  }
  try {
    expect(await api.requiredCheck('main')).toBe('none')
    expect(await required({ context: 'build' })).toBe('none')
    expect(await required({ context: 'gitsudo', appId: app.id + 1 })).toBe('none')
    expect(await required({ context: 'gitsudo' })).toBe('anybody')
    expect(await required({ context: 'gitsudo', appId: -1 })).toBe('anybody')
    expect(await required({ context: 'build' }, { context: 'gitsudo', appId: app.id })).toBe('ours')
  } finally {
    admin.unprotectBranch('acme/access', 'main')
  }
})

test('where the branch has a merge queue, merging is waiting in it, at the expected head', async () => {
  const { api, admin, propose, commit, app } = stage
  const { number, sha } = await propose('alice', 'queued')
  const required = { requiredChecks: [{ context: 'gitsudo', appId: app.id }] }
  admin.protectBranch('acme/access', 'main', { ...required, mergeQueue: {} })
  try {
    await expect(api.merge(number, sha)).rejects.toMatchObject({ code: 'not_mergeable' })
    const passed = {
      status: 'completed',
      conclusion: 'success',
      title: 't',
      summary: 's',
      annotations: [],
    } as const
    await api.createCheck({ ...passed, headSha: sha, externalId: 'gitsudo:7:1' })
    await api.merge(number, sha)
    await api.merge(number, sha)
    expect(await api.pull(number)).toMatchObject({ merged: false, state: 'open' })
    await admin.deliveriesSettled()
    const told = (event: string) => stage.accepted.filter(({ delivery }) => delivery.event === event)
    expect(told('merge_group')).toHaveLength(1)
    expect(told('merge_group')[0]?.wake).toEqual([
      { queue: 'merge-group', key: `7:${told('merge_group')[0]?.delivery.ref}` },
    ])
    const moved = await commit('alice', 'queued', 'later.txt', 'later')
    await expect(api.merge(number, sha)).rejects.toMatchObject({ code: 'conflict' })
    await expect(api.merge(number, moved)).rejects.toMatchObject({ code: 'not_mergeable' })
  } finally {
    admin.unprotectBranch('acme/access', 'main')
  }
})
