import { afterAll, beforeAll, expect, test } from 'vitest'
import { failureOf, type Stage, setStage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage.close())

const raw = (path: string, headers: Record<string, string> = {}) =>
  fetch(stage.hub.apiUrl + path, { headers: { authorization: `token ${stage.alice.token}`, ...headers } })

test('lists are paginated with links that octokit follows', async () => {
  const { as, alice, at } = stage
  const { number } = (await as(alice.token).rest.issues.create({ ...at, title: 'many' })).data
  for (let n = 1; n <= 7; n++)
    await as(alice.token).rest.issues.createComment({ ...at, issue_number: number, body: `comment ${n}` })
  const client = as(alice.token)
  const all = await client.paginate(client.rest.issues.listComments, {
    ...at,
    issue_number: number,
    per_page: 3,
  })
  expect(all.map((comment) => comment.body)).toEqual([1, 2, 3, 4, 5, 6, 7].map((n) => `comment ${n}`))
  const path = `/repos/octo/access/issues/${number}/comments?per_page=3&page=2`
  const link = (await raw(path)).headers.get('link') ?? ''
  expect([...link.matchAll(/[?&]page=(\d+)[^>]*>; rel="(\w+)"/g)].map((each) => [each[2], each[1]])).toEqual([
    ['prev', '1'],
    ['next', '3'],
    ['last', '3'],
    ['first', '1'],
  ])
})

test('an answer that has not changed is not sent again', async () => {
  const first = await raw('/repos/octo/access')
  const etag = first.headers.get('etag') ?? ''
  const second = await raw('/repos/octo/access', { 'if-none-match': etag })
  expect(second.status).toBe(304)
  expect(second.headers.get('x-ratelimit-used')).toBe(first.headers.get('x-ratelimit-used'))
  expect(await second.text()).toBe('')
  expect((await raw('/repos/octo/access', { 'if-none-match': 'W/"other"' })).status).toBe(200)
})

test('errors have GitHub’s shape', async () => {
  const missing = await raw('/repos/octo/nothing')
  expect(missing.status).toBe(404)
  expect(await missing.json()).toEqual({
    message: 'Not Found',
    documentation_url: 'https://docs.github.com/rest',
    status: '404',
  })
  expect((await raw('/no/such/route')).status).toBe(404)
  const broken = await fetch(`${stage.hub.apiUrl}/repos/octo/access/issues`, {
    method: 'POST',
    headers: { authorization: `token ${stage.alice.token}`, 'content-type': 'application/json' },
    body: '{',
  })
  expect([broken.status, ((await broken.json()) as { message: string }).message]).toEqual([
    400,
    'Problems parsing JSON',
  ])
  expect((await failureOf(stage.as('ghp_none').rest.users.getAuthenticated())).status).toBe(401)
  expect((await failureOf(stage.as().rest.repos.get(stage.at))).status).toBe(404)
  expect((await failureOf(stage.as(stage.stranger.token).rest.repos.get(stage.at))).status).toBe(404)
})

test('teams nest: members of the inner are members of the outer, and its access is theirs', async () => {
  const { admin, as, asInstallation, root, at } = stage
  const inner = admin.createUser({ login: 'inner' })
  admin.createUser({ login: 'outer' })
  admin.createTeam({ org: 'octo', slug: 'platform', members: ['outer'] })
  admin.createTeam({ org: 'octo', slug: 'platform-oncall', parent: 'platform', members: ['inner'] })
  await admin.setTeamPermission('octo/access', 'platform', 'maintain')
  const api = asInstallation().rest.teams
  const logins = async (team_slug: string) =>
    (await api.listMembersInOrg({ org: 'octo', team_slug })).data.map((member) => member.login)
  expect(await logins('platform')).toEqual(['inner', 'outer'])
  expect(await logins('platform-oncall')).toEqual(['inner'])
  const membership = { org: 'octo', team_slug: 'platform', username: 'inner' }
  expect((await api.getMembershipForUserInOrg(membership)).data.state).toBe('active')
  expect((await api.listChildInOrg({ org: 'octo', team_slug: 'platform' })).data).toMatchObject([
    { slug: 'platform-oncall', parent: { slug: 'platform' } },
  ])
  expect((await api.getByName({ org: 'octo', team_slug: 'platform' })).data.members_count).toBe(2)
  const repositories = (await api.listReposInOrg({ org: 'octo', team_slug: 'platform' })).data
  expect(repositories).toMatchObject([{ full_name: 'octo/access', role_name: 'maintain' }])
  const level = await as(root.token).rest.repos.getCollaboratorPermissionLevel({ ...at, username: 'inner' })
  expect(level.data).toMatchObject({ permission: 'write', role_name: 'maintain', user: { id: inner.id } })
  admin.removeTeamMember('octo', 'platform-oncall', 'inner')
  expect((await failureOf(api.getMembershipForUserInOrg(membership))).status).toBe(404)
  expect((await failureOf(as(stage.stranger.token).rest.teams.list({ org: 'octo' }))).status).toBe(404)
})

test('a removed account is a ghost, and its login is somebody else’s under another id', async () => {
  const { admin, as, root, at } = stage
  const first = admin.createUser({ login: 'leaver' })
  admin.setPermission('octo/access', 'leaver', 'write')
  const issue = (await as(first.token).rest.issues.create({ ...at, title: 'by leaver' })).data
  admin.removeUser('leaver')
  const api = as(root.token).rest
  expect((await failureOf(as(first.token).rest.users.getAuthenticated())).status).toBe(401)
  expect((await failureOf(api.users.getByUsername({ username: 'leaver' }))).status).toBe(404)
  expect((await api.issues.get({ ...at, issue_number: issue.number })).data.user?.login).toBe('ghost')
  const second = admin.createUser({ login: 'leaver' })
  expect(second.id).not.toBe(first.id)
  const level = await api.repos.getCollaboratorPermissionLevel({ ...at, username: 'leaver' })
  expect(level.data.permission).toBe('none')
})

test('contents are read, written, changed and taken away on a branch', async () => {
  const { as, alice, at } = stage
  const api = as(alice.token).rest.repos
  const content = (text: string) => Buffer.from(text).toString('base64')
  const path = 'deep/er/ünï.txt'
  const put = { ...at, path, message: 'm', branch: 'main' }
  const made = await api.createOrUpdateFileContents({ ...put, content: content('one') })
  expect([made.status, made.data.content?.path]).toEqual([201, path])
  const read = async (ref?: string) => {
    const { data } = await api.getContent({ ...at, path, ...(ref ? { ref } : {}) })
    return 'content' in data ? Buffer.from(data.content, 'base64').toString() : null
  }
  expect(await read()).toBe('one')
  expect((await failureOf(api.createOrUpdateFileContents({ ...put, content: content('two') }))).status).toBe(
    422,
  )
  const wrong = api.createOrUpdateFileContents({ ...put, content: content('two'), sha: '0'.repeat(40) })
  expect((await failureOf(wrong)).status).toBe(409)
  const sha = made.data.content?.sha ?? ''
  const changed = await api.createOrUpdateFileContents({ ...put, content: content('two'), sha })
  expect([await read(), await read(made.data.commit.sha)]).toEqual(['two', 'one'])
  const listed = await api.getContent({ ...at, path: 'deep' })
  expect(listed.data).toMatchObject([{ name: 'er', type: 'dir' }])
  await api.deleteFile({ ...put, sha: changed.data.content?.sha ?? '' })
  expect((await failureOf(read())).status).toBe(404)
  expect((await failureOf(api.getContent({ ...at, path: 'deep' }))).status).toBe(404)
})

test('the git database: blobs, trees, commits, refs, comparison', async () => {
  const { as, alice, at } = stage
  const { git, repos } = as(alice.token).rest
  const main = (await git.getRef({ ...at, ref: 'heads/main' })).data.object.sha
  const blob = await git.createBlob({
    ...at,
    content: Buffer.from([0, 255]).toString('base64'),
    encoding: 'base64',
  })
  expect((await git.getBlob({ ...at, file_sha: blob.data.sha })).data).toMatchObject({
    size: 2,
    content: 'AP8=',
  })
  const base_tree = (await git.getCommit({ ...at, commit_sha: main })).data.tree.sha
  const entry = { path: 'bin/data', mode: '100755', type: 'blob', sha: blob.data.sha } as const
  const gone = { path: 'README.md', mode: '100644', type: 'blob', sha: null } as const
  const tree = await git.createTree({ ...at, base_tree, tree: [entry, gone] })
  const author = { name: 'Bob', email: 'bob@example.org', date: '2026-01-02T03:04:05Z' }
  const commit = await git.createCommit({ ...at, message: 'm', tree: tree.data.sha, parents: [main], author })
  expect(commit.data).toMatchObject({ author, verification: { verified: false } })
  await git.createRef({ ...at, ref: 'refs/heads/db', sha: commit.data.sha })
  expect((await failureOf(git.createRef({ ...at, ref: 'refs/heads/db', sha: main }))).message).toContain(
    'already exists',
  )
  const paths = (await git.getTree({ ...at, tree_sha: 'db', recursive: 'true' })).data.tree.map(
    (each) => each.path,
  )
  expect(paths).toContain('bin/data')
  expect(paths).not.toContain('README.md')
  const compared = await repos.compareCommitsWithBasehead({ ...at, basehead: `${main}...db` })
  expect(compared.data).toMatchObject({
    status: 'ahead',
    total_commits: 1,
    commits: [{ author: { login: 'bob' } }],
  })
  expect(compared.data.files?.map((file) => [file.filename, file.status])).toEqual([
    ['README.md', 'removed'],
    ['bin/data', 'added'],
  ])
  const back = git.updateRef({ ...at, ref: 'heads/db', sha: main })
  expect((await failureOf(back)).message).toContain('not a fast forward')
  await git.updateRef({ ...at, ref: 'heads/db', sha: main, force: true })
  await git.deleteRef({ ...at, ref: 'heads/db' })
  expect((await failureOf(git.getRef({ ...at, ref: 'heads/db' }))).status).toBe(404)
  expect((await git.listMatchingRefs({ ...at, ref: 'heads/ma' })).data).toMatchObject([
    { ref: 'refs/heads/main' },
  ])
})

test('what an App commits without saying who it is, is verified', async () => {
  const { asInstallation, at } = stage
  const { git } = asInstallation().rest
  const main = (await git.getRef({ ...at, ref: 'heads/main' })).data.object.sha
  const tree = (await git.getCommit({ ...at, commit_sha: main })).data.tree.sha
  const commit = await git.createCommit({ ...at, message: 'm', tree, parents: [main] })
  expect(commit.data).toMatchObject({
    author: { name: 'gitsudo[bot]' },
    committer: { email: 'noreply@github.com' },
    verification: { verified: true, reason: 'valid' },
  })
})

test('reactions, statuses and issues', async () => {
  const { as, alice, bob, at } = stage
  const api = as(alice.token).rest
  const { number } = (await api.issues.create({ ...at, title: 'x', labels: ['break-glass'] })).data
  const comment_id = (await api.issues.createComment({ ...at, issue_number: number, body: 'x' })).data.id
  const reacted = await api.reactions.createForIssueComment({ ...at, comment_id, content: 'eyes' })
  expect(reacted.status).toBe(201)
  expect((await api.reactions.createForIssueComment({ ...at, comment_id, content: 'eyes' })).status).toBe(200)
  expect((await api.issues.getComment({ ...at, comment_id })).data.reactions?.eyes).toBe(1)
  await api.reactions.deleteForIssueComment({ ...at, comment_id, reaction_id: reacted.data.id })
  expect((await api.reactions.listForIssueComment({ ...at, comment_id })).data).toEqual([])
  expect(
    (await api.issues.listForRepo({ ...at, labels: 'break-glass' })).data.map((each) => each.number),
  ).toEqual([number])
  const sha = (await api.git.getRef({ ...at, ref: 'heads/main' })).data.object.sha
  await as(bob.token).rest.repos.createCommitStatus({ ...at, sha, state: 'pending', context: 'ci' })
  expect((await api.repos.getCombinedStatusForRef({ ...at, ref: 'main' })).data.state).toBe('pending')
  await as(bob.token).rest.repos.createCommitStatus({ ...at, sha, state: 'success', context: 'ci' })
  expect((await api.repos.getCombinedStatusForRef({ ...at, ref: sha })).data).toMatchObject({
    state: 'success',
    total_count: 1,
  })
})

test('faults: 502, a secondary limit, a lost answer, a slow one, by path and count', async () => {
  const { as, admin, alice, at } = stage
  const api = as(alice.token).rest
  const get = () => api.repos.get(at)
  admin.faults.api({ answer: 'bad-gateway', path: /^\/repos\/octo\/access$/, count: 2 })
  expect((await failureOf(get())).status).toBe(502)
  expect((await api.users.getAuthenticated()).status).toBe(200)
  expect((await failureOf(get())).status).toBe(502)
  expect((await get()).status).toBe(200)
  admin.faults.api({ answer: 'secondary-limit', method: 'GET', retryAfterSeconds: 7, count: 1 })
  const limited = await raw('/repos/octo/access')
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([403, '7'])
  admin.faults.api({ answer: 'bad-gateway', method: 'POST', answerLost: true, count: 1 })
  expect((await failureOf(api.issues.create({ ...at, title: 'lost answer' }))).status).toBe(502)
  expect((await api.issues.listForRepo(at)).data[0]?.title).toBe('lost answer')
  admin.faults.api({ answer: 'slow', delayMs: 50, count: 1 })
  const started = performance.now()
  await get()
  expect(performance.now() - started).toBeGreaterThan(45)
  const clear = admin.faults.api({ answer: 'bad-gateway' })
  expect((await failureOf(get())).status).toBe(502)
  clear()
  expect((await get()).status).toBe(200)
})

test('calls are counted by method and template', async () => {
  const { as, admin, alice, at } = stage
  admin.resetCounters()
  await as(alice.token).rest.repos.get(at)
  await as(alice.token).rest.issues.create({ ...at, title: 'counted' })
  expect(admin.counters()).toMatchObject({
    calls: { 'GET /repos/{owner}/{repo}': 1, 'POST /repos/{owner}/{repo}/issues': 1 },
    reads: 1,
    writes: 1,
  })
})

test('a renamed repository is served by its number, to which its old names lead until another takes them', async () => {
  const { hub, as, asApp, admin, alice, stranger, repository, at, app } = stage
  const client = as(alice.token)
  const moved = { status: 301, location: `/repositories/${repository.id}`, message: 'Moved Permanently' }
  /** What the address itself answers, as who follows nothing sees it. */
  const asked = async (path: string, token: string | null = alice.token, method = 'GET') => {
    const response = await fetch(`${hub.apiUrl}${path}`, {
      method,
      redirect: 'manual',
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
    })
    const { message, url } = (await response.json()) as Record<string, string>
    const location = response.headers.get('location') ?? undefined
    if (location !== undefined) expect(url).toBe(location)
    return { status: response.status, location: location?.replace(hub.apiUrl, ''), message }
  }
  await admin.renameRepository('octo/access', 'octo/renamed')
  expect(await asked('/repos/octo/access')).toEqual(moved)
  expect(await asked('/repos/OCTO/Access')).toEqual(moved)
  expect(await asked('/repos/octo/access/issues?state=all&per_page=1')).toEqual({
    ...moved,
    location: `${moved.location}/issues?state=all&per_page=1`,
  })
  expect(await asked('/repos/octo/access/issues', alice.token, 'POST')).toEqual({
    ...moved,
    status: 307,
    location: `${moved.location}/issues`,
  })
  expect((await asked('/repos/octo/access', stranger.token)).status).toBe(404)
  expect((await asked('/repos/octo/access', null)).status).toBe(404)
  // Who follows, as octokit does, is where the repository is.
  expect((await client.rest.repos.get(at)).data).toMatchObject({
    id: repository.id,
    full_name: 'octo/renamed',
  })
  expect((await client.rest.issues.create({ ...at, title: 'sent to the old name' })).status).toBe(201)
  const paged = await client.rest.issues.listForRepo({ ...at, state: 'all', per_page: 1 })
  expect(paged.headers.link).toContain(`/repositories/${repository.id}/issues?`)
  expect((await client.rest.repos.getContent({ ...at, path: 'requests/2026/01/old.yaml' })).status).toBe(200)
  expect((await asApp().rest.apps.getRepoInstallation(at)).data.app_id).toBe(app.id)
  expect((await failureOf(client.request('GET /repositories/{id}/issues', { id: 1 }))).status).toBe(404)

  await admin.renameRepository('octo/renamed', 'octo/again')
  expect(await asked('/repos/octo/access')).toEqual(moved)
  expect(await asked('/repos/octo/renamed')).toEqual(moved)
  const other = await admin.createRepository({ owner: 'octo', name: 'access' })
  expect((await as(stage.root.token).rest.repos.get(at)).data.id).toBe(other.id)
  await admin.removeRepository('octo/access')
  expect((await asked('/repos/octo/access')).status).toBe(404)
  await admin.renameRepository('octo/again', 'octo/access')
  expect((await asked('/repos/octo/access')).status).toBe(200)
})

test('a repository goes to another owner without the App, and follows its owner’s login', async () => {
  const { as, admin, alice, asApp, root } = stage
  admin.createUser({ login: 'carol' })
  const { id } = await admin.createRepository({ owner: 'octo', name: 'passed', files: { 'a.txt': 'a' } })
  const installation_id = admin.installApp('gitsudo', 'octo/passed')
  await admin.renameRepository('octo/passed', 'carol/passed')
  admin.setPermission('carol/passed', 'alice', 'write')
  admin.renameUser('carol', 'caroline')
  for (const owner of ['octo', 'carol', 'caroline']) {
    const { data } = await as(alice.token).rest.repos.get({ owner, repo: 'passed' })
    expect(data).toMatchObject({ id, full_name: 'caroline/passed' })
  }
  expect((await failureOf(as(root.token).rest.repos.get({ owner: 'octo', repo: 'passed' }))).status).toBe(404)
  const given = asApp().rest.apps.createInstallationAccessToken({ installation_id, repository_ids: [id] })
  expect((await failureOf(given)).status).toBe(422)
  const installed = asApp().rest.apps.getRepoInstallation({ owner: 'octo', repo: 'passed' })
  expect((await failureOf(installed)).status).toBe(404)
})
