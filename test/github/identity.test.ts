import { afterEach, beforeEach, expect, test } from 'vitest'
import { createGit } from '../../app/git/git.ts'
import { rememberingLog } from './log.ts'
import { type Stage, setStage } from './stage.ts'

let stage: Stage
beforeEach(async () => {
  stage = await setStage()
})
afterEach(() => stage.close())

test('the token is for this repository, is kept while it is good, and renewed before it ends', async () => {
  const { github, time, api } = stage
  const first = await github.token(7)
  expect(await github.token(7)).toBe(first)
  time.now += 58 * 60_000
  expect(await github.token(7)).toBe(first)
  time.now += 90_000
  expect(await github.token(7)).not.toBe(first)
  await api.identity()
  await expect(async () => github.token(8)).rejects.toMatchObject({ code: 'forbidden' })
})

test('many at once ask for one token', async () => {
  const tokens = await Promise.all(Array.from({ length: 20 }, () => stage.github.token(7)))
  expect(new Set(tokens).size).toBe(1)
})

test('a token that GitHub took back is asked for anew, once', async () => {
  const { github, api, hub } = stage
  await fetch(`${hub.apiUrl}/installation/token`, {
    method: 'DELETE',
    headers: { authorization: `token ${await github.token(7)}` },
  })
  expect(await api.identity()).toMatchObject({ id: 7 })
})

test('the mirror is fetched with the same token', async () => {
  const { github, hub, head, time, dir } = stage
  const { log } = rememberingLog()
  const git = createGit({
    dir: `${dir}/mirrors`,
    repositories: [{ id: 7, fullName: 'acme/access', branch: 'main' }],
    gitUrl: (fullName) => `${hub.url}/${fullName}.git`,
    token: (id) => github.token(id),
    clock: { now: () => time.now },
    log,
  })
  expect(await git.mirror(7).fetch([])).toEqual({ tip: head })
  git.close()
})

test('a renamed repository is refused, before and after its token', async () => {
  const { admin, api, make } = stage
  await api.identity()
  await admin.renameRepository('acme/access', 'acme/elsewhere')
  const refusal = {
    name: 'GitHubError',
    code: 'forbidden',
    message: expect.stringContaining('renamed or transferred'),
  }
  await expect(api.identity()).rejects.toMatchObject(refusal)
  await expect(api.openPulls()).rejects.toMatchObject(refusal)
  await expect(api.createComment(1, 'a write')).rejects.toMatchObject(refusal)
  await expect(make().repository(7).identity()).rejects.toMatchObject(refusal)
})

test('one that was made again under the same name is refused', async () => {
  const { admin, make, api } = stage
  await api.identity()
  await admin.removeRepository('acme/access')
  await admin.createRepository({ owner: 'acme', name: 'access', files: { 'policies/lax.rego': '' } })
  admin.installApp('gitsudo', 'acme/access')
  const refusal = make().repository(7).openPulls()
  await expect(refusal).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('no longer the repository with id 7'),
  })
  await expect(api.openPulls()).rejects.toMatchObject({ name: 'GitHubError' })
  // What is configured under the right id but another name is not it either.
  await expect(
    make({ repositories: [{ id: 7, fullName: 'acme/none' }] })
      .repository(7)
      .identity(),
  ).rejects.toMatchObject({ code: 'forbidden' })
})

test('an App that is suspended, uninstalled or has the wrong key is told so', async () => {
  const { admin, make, installation } = stage
  admin.suspendInstallation(installation)
  await expect(make().repository(7).openPulls()).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('suspended'),
  })
  admin.suspendInstallation(installation, false)
  admin.removeFromInstallation(installation, 'acme/access')
  const gone = make().repository(7).openPulls()
  await expect(gone).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('not installed on acme/access'),
  })
  const other = admin.createApp({ slug: 'other' })
  await expect(make({ privateKey: other.privateKey }).repository(7).openPulls()).rejects.toMatchObject({
    code: 'forbidden',
  })
})

test('installed anew, it is found again', async () => {
  const { admin, github, installation, time } = stage
  await github.token(7)
  admin.removeFromInstallation(installation, 'acme/access')
  time.now += 3_600_000
  await expect(github.token(7)).rejects.toMatchObject({ code: 'forbidden' })
  admin.installApp('gitsudo', 'acme/access')
  expect(await github.token(7)).toBeTruthy()
})

test('a caller is who GitHub says, by a token of our own App', async () => {
  const { github, admin, make, hub, tokens } = stage
  const alice = { id: 11, login: 'alice', type: 'User' }
  expect(await github.caller(admin.createUserToken('alice', { app: 'gitsudo' }))).toEqual(alice)
  // The sandbox is loopback: a person's own token counts there.
  expect(await github.caller(tokens.get('alice') ?? '')).toEqual(alice)
  expect(await github.caller(await github.token(7))).toBeUndefined()
  for (const nobody of ['', 'nonsense', 'a b', 'a\r\nx-evil: 1', 'x'.repeat(5000)])
    expect(await github.caller(nobody)).toBeUndefined()
  await expect(make({ clientSecret: 'wrong' }).caller(tokens.get('alice') ?? '')).rejects.toMatchObject({
    name: 'GitHubError',
  })

  // Under any other name than loopback's the same address is a real GitHub.
  const elsewhere = make({ baseUrl: hub.apiUrl.replace('127.0.0.1', '127.0.0.2') })
  await expect(elsewhere.caller('x')).rejects.toMatchObject({ code: 'unavailable' })
})
