import { createSign, generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failureOf, PERMISSIONS, type Stage, setStage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage.close())

function jwt(claims: Record<string, unknown>, key = stage.app.privateKey, alg = 'RS256'): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${part({ alg, typ: 'JWT' })}.${part(claims)}`
  return `${body}.${createSign('sha256').update(body).sign(key, 'base64url')}`
}

const asked = async (authorization: string, path = '/app') => {
  const response = await fetch(stage.hub.apiUrl + path, { headers: { authorization } })
  return { status: response.status, body: (await response.json()) as { message?: string; slug?: string } }
}

test('a JSON web token is verified: key, algorithm, issuer and times', async () => {
  const now = Math.floor(stage.clock.now() / 1000)
  const good = { iss: stage.app.id, iat: now - 30, exp: now + 540 }
  expect((await asked(`bearer ${jwt(good)}`)).body.slug).toBe('gitsudo')
  expect((await asked(`bearer ${jwt({ ...good, iss: stage.app.clientId })}`)).status).toBe(200)
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs1', format: 'pem' })
    .toString()
  const bad: [string, RegExp][] = [
    [jwt(good, other), /could not be decoded/],
    [jwt(good, undefined, 'none'), /could not be decoded/],
    [jwt({ ...good, iss: 1 }), /Issuer/],
    [jwt({ ...good, exp: now - 1 }), /'Expiration time' claim \('exp'\) must be a numeric value/],
    [jwt({ ...good, exp: now + 1200 }), /'Expiration time' claim \('exp'\) is too far in the future/],
    [jwt({ ...good, iat: now + 300 }), /'Issued at' claim/],
    ['a.b.c', /could not be decoded/],
  ]
  for (const [token, message] of bad) {
    const { status, body } = await asked(`bearer ${token}`)
    expect(status).toBe(401)
    expect(body.message).toMatch(message)
  }
})

test('octokit finds its installation and works as it', async () => {
  const { asApp, asInstallation, installationId, at } = stage
  expect((await asApp().rest.apps.getAuthenticated()).data).toMatchObject({
    slug: 'gitsudo',
    installations_count: 1,
  })
  expect((await asApp().rest.apps.getRepoInstallation(at)).data).toMatchObject({
    id: installationId,
    account: { login: 'octo' },
  })
  expect((await asApp().rest.apps.getOrgInstallation({ org: 'octo' })).data.id).toBe(installationId)
  expect((await asApp().rest.apps.listInstallations()).data).toHaveLength(1)
  const repositories = await asInstallation().rest.apps.listReposAccessibleToInstallation()
  expect(repositories.data).toMatchObject({ total_count: 1, repositories: [{ full_name: 'octo/access' }] })
})

test('an installation token reaches its repositories only, does what it may only, and for an hour only', async () => {
  const { admin, as, asApp, installationId, at, clock, alice } = stage
  await admin.createRepository({ owner: 'octo', name: 'other', files: { 'a.txt': 'a' } })
  await admin.createRepository({ owner: 'octo', name: 'foreign', files: { 'a.txt': 'a' } })
  admin.installApp('gitsudo', 'octo/other')
  const mint = (scope: Record<string, unknown>) =>
    asApp().rest.apps.createInstallationAccessToken({ installation_id: installationId, ...scope })
  const token = (await mint({ repositories: ['access'], permissions: { contents: 'read' } })).data
  const client = as(token.token).rest
  expect(Date.parse(token.expires_at) - clock.now()).toBeLessThanOrEqual(3_600_000)
  expect((await client.repos.getContent({ ...at, path: 'README.md' })).status).toBe(200)
  expect((await failureOf(client.repos.get({ owner: 'octo', repo: 'other' }))).status).toBe(404)
  expect((await failureOf(client.repos.get({ owner: 'octo', repo: 'foreign' }))).status).toBe(404)
  const content = Buffer.from('x').toString('base64')
  const write = client.repos.createOrUpdateFileContents({ ...at, path: 'x.txt', message: 'x', content })
  expect(await failureOf(write)).toEqual({
    status: 403,
    message: expect.stringContaining('Resource not accessible by integration'),
  })
  expect((await failureOf(client.pulls.list(at))).status).toBe(403)
  expect((await failureOf(mint({ permissions: { administration: 'write' } }))).status).toBe(422)
  expect((await failureOf(mint({ repositories: ['foreign'] }))).status).toBe(422)
  expect(await stage.git(stage.dir, token.token, 'ls-remote', `${stage.hub.url}/octo/access.git`)).toContain(
    'main',
  )
  clock.advance(3_600_001)
  expect(await failureOf(client.repos.get(at))).toEqual({
    status: 401,
    message: expect.stringContaining('Bad credentials'),
  })
  expect((await as(alice.token).rest.repos.get(at)).status).toBe(200)
  clock.advance(-3_600_001)
})

test('only an App writes check runs, and only its own', async () => {
  const { as, admin, asApp, asInstallation, alice, at, propose, hooks } = stage
  const pull = await propose(alice, 'checked', { 'checked.txt': 'x' })
  const check = { ...at, name: 'gitsudo', head_sha: pull.head.sha }
  expect(await failureOf(as(alice.token).rest.checks.create(check))).toMatchObject({ status: 403 })
  const api = asInstallation().rest.checks
  const made = (await api.create({ ...check, external_id: 'pull-1', status: 'in_progress' })).data
  expect(made).toMatchObject({
    status: 'in_progress',
    conclusion: null,
    external_id: 'pull-1',
    pull_requests: [{ number: pull.number }],
  })
  const annotation = {
    path: 'checked.txt',
    start_line: 1,
    end_line: 1,
    annotation_level: 'failure',
    message: 'no',
  } as const
  const done = await api.update({
    ...at,
    check_run_id: made.id,
    conclusion: 'failure',
    output: { title: 't', summary: 's', annotations: [annotation] },
  })
  expect(done.data).toMatchObject({
    status: 'completed',
    conclusion: 'failure',
    output: { title: 't', annotations_count: 1 },
  })
  expect((await api.listAnnotations({ ...at, check_run_id: made.id })).data).toMatchObject([annotation])
  const tooMany = Array.from({ length: 51 }, () => annotation)
  const output = { title: 't', summary: 's', annotations: tooMany }
  expect((await failureOf(api.update({ ...at, check_run_id: made.id, output }))).status).toBe(422)
  const again = await api.create({ ...check, conclusion: 'success' })
  const list = await api.listForRef({ ...at, ref: 'checked', check_name: 'gitsudo' })
  expect(list.data.check_runs.map((run) => run.id)).toEqual([again.data.id])
  expect((await api.listForRef({ ...at, ref: pull.head.sha, filter: 'all' })).data.total_count).toBe(2)
  await as(alice.token).rest.checks.rerequestRun({ ...at, check_run_id: made.id })
  expect((await hooks.of('check_run', 'rerequested')).payload).toMatchObject({ check_run: { id: made.id } })
  const other = admin.createApp({ slug: 'other-app', permissions: { checks: 'write' } })
  const installationId = admin.installApp('other-app', 'octo/access')
  const theirs = asApp({ appId: other.id, privateKey: other.privateKey, installationId }).rest.checks
  expect(
    (await failureOf(theirs.update({ ...at, check_run_id: made.id, conclusion: 'success' }))).status,
  ).toBe(403)
})

test('a user’s token is checked by the App that it was issued to, and by no other', async () => {
  const { as, asApp, admin, app, alice, hub, at } = stage
  const token = admin.createUserToken('alice', { app: 'gitsudo' })
  const check = async (access_token: string, client = app) => {
    const response = await fetch(`${hub.apiUrl}/applications/${client.clientId}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64')}`,
      },
      body: JSON.stringify({ access_token }),
    })
    return { status: response.status, body: (await response.json()) as { user?: { login: string } } }
  }
  expect((await check(token)).body.user?.login).toBe('alice')
  expect((await check(alice.token)).status).toBe(404)
  const other = admin.createApp({ slug: 'second' })
  expect((await check(token, { ...app, ...other })).status).toBe(404)
  expect((await check(token, { ...app, clientSecret: 'wrong' })).status).toBe(401)
  const octokit = asApp({ clientId: app.clientId, clientSecret: app.clientSecret })
  const checked = await octokit.rest.apps.checkToken({ client_id: app.clientId, access_token: token })
  expect(checked.data).toMatchObject({ app: { client_id: app.clientId }, user: { id: alice.id } })
  const client = as(token).rest
  expect((await client.users.getAuthenticated()).data.login).toBe('alice')
  expect((await client.repos.get(at)).status).toBe(200)
  expect((await client.apps.listInstallationsForAuthenticatedUser()).data.total_count).toBe(1)
  const content = Buffer.from('x').toString('base64')
  admin.setAppPermissions('gitsudo', { contents: 'read' })
  const write = client.repos.createOrUpdateFileContents({ ...at, path: 'y', message: 'y', content })
  expect((await failureOf(write)).status).toBe(403)
  admin.setAppPermissions('gitsudo', PERMISSIONS)
})

test('a suspended installation can do nothing until it is let go on', async () => {
  const { admin, asInstallation, installationId, at, hooks } = stage
  const client = asInstallation()
  await client.rest.repos.get(at)
  admin.suspendInstallation(installationId)
  expect(await failureOf(client.rest.repos.get(at))).toEqual({
    status: 403,
    message: expect.stringContaining('suspended'),
  })
  await hooks.of('installation', 'suspend')
  admin.suspendInstallation(installationId, false)
  expect((await client.rest.repos.get(at)).status).toBe(200)
})

test('an App is made from a manifest: the form, the code, the conversion, once', async () => {
  const { hub, asApp } = stage
  const manifest = JSON.stringify({
    name: 'Made of "paper"',
    url: 'https://example.org',
    redirect_url: 'http://127.0.0.1:9/callback',
    hook_attributes: { url: 'http://127.0.0.1:9/hooks' },
    default_permissions: { checks: 'write' },
    default_events: ['pull_request'],
  })
  const form = await fetch(`${hub.url}/organizations/octo/settings/apps/new?state=abc`, {
    method: 'POST',
    body: new URLSearchParams({ manifest }),
  })
  const page = await form.text()
  expect(form.status).toBe(200)
  expect(page).toContain('Made of &quot;paper&quot;')
  const sent = await fetch(`${hub.url}/settings/apps/manifest`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ manifest, owner: 'octo', name: 'Paper', state: 'abc' }),
  })
  const location = new URL(sent.headers.get('location') ?? '')
  expect(location.searchParams.get('state')).toBe('abc')
  const code = location.searchParams.get('code') ?? ''
  const convert = () => stage.as().rest.apps.createFromManifest({ code })
  const made = await convert()
  expect(made.data).toMatchObject({
    slug: 'paper',
    owner: { login: 'octo' },
    permissions: { checks: 'write' },
  })
  expect((await failureOf(convert())).status).toBe(404)
  const self = asApp({ appId: made.data.id, privateKey: made.data.pem })
  expect((await self.rest.apps.getAuthenticated()).data?.slug).toBe('paper')
})
