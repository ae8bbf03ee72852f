import { afterAll, beforeAll, expect, test } from 'vitest'
import { appManifest } from '../../app/github/manifest.ts'
import { type Stage, setStage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage.close())

const access = '/repos/acme/access'

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
  const none = { users: [], teams: [] }
  expect(await api.askReviewers(number, { users: ['bob'], teams: ['approvers'] })).toEqual(none)
  expect(await asked()).toEqual(['bob', 'approvers'])
  const some = await api.askReviewers(number, { users: ['dave', 'erin', 'alice'], teams: ['approvers'] })
  expect(some).toEqual({ users: ['erin', 'alice'], teams: [] })
  expect(await asked()).toEqual(['bob', 'dave', 'approvers'])
  expect(await api.requestedReviewers(number)).toEqual({ users: ['bob', 'dave'], teams: ['approvers'] })
  const refused = lines.filter(({ message }) => message.includes('reviewer')).map(({ fields }) => fields)
  expect(refused).toMatchObject([{ reviewer: 'erin' }, { reviewer: 'alice' }])
  const alice = { users: ['alice'], teams: [] }
  expect(await api.askReviewers(number, alice)).toEqual(alice)
  expect(await api.askReviewers(number, none)).toEqual(none)
  expect(await asked()).toHaveLength(3)
})
