import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stage, setStage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage.close())

async function clone(token: string | null, name: string): Promise<string> {
  const dir = join(stage.dir, name)
  await mkdir(dir)
  await stage.git(dir, token, 'clone', '--quiet', `${stage.hub.url}/octo/access.git`, '.')
  return dir
}

test('a person with write access clones, commits and pushes; the push is on the API and in the activity', async () => {
  const { git, alice, as, at } = stage
  const dir = await clone(alice.token, 'write')
  expect(await readFile(join(dir, 'README.md'), 'utf8')).toBe('# access\n')
  await git(dir, null, 'checkout', '--quiet', '-b', 'topic/one')
  await writeFile(join(dir, 'new.txt'), 'x'.repeat(3_000_000))
  await git(dir, null, 'add', '.')
  await git(dir, null, 'commit', '--quiet', '-m', 'a large file')
  expect(await git(dir, alice.token, 'push', 'origin', 'topic/one')).toContain('[new branch]')
  const local = await git(dir, null, 'rev-parse', 'HEAD')
  const { data } = await as(alice.token).rest.repos.getBranch({ ...at, branch: 'topic/one' })
  expect(data.commit.sha).toBe(local)
  expect(data.commit.author?.login).toBe('alice')
  const activity = await as(alice.token).rest.repos.listActivities({ ...at, ref: 'topic/one' })
  expect(activity.data).toMatchObject([
    { activity_type: 'branch_creation', after: local, actor: { login: 'alice' } },
  ])
})

test('basic authentication by address works, with any user name', async () => {
  const { git, hub, alice, dir } = stage
  for (const user of ['x-access-token', 'alice']) {
    const address = hub.url.replace('://', `://${user}:${alice.token}@`)
    expect(await git(dir, null, 'ls-remote', `${address}/octo/access`)).toContain('refs/heads/main')
  }
})

test('who may not read is told that there is nothing; who may only read cannot push', async () => {
  const { git, admin, stranger, hub, dir } = stage
  const address = `${hub.url}/octo/access.git`
  await expect(git(dir, null, 'ls-remote', address)).rejects.toThrow(
    /could not read Username|Authentication failed/,
  )
  await expect(git(dir, 'ghp_wrong', 'ls-remote', address)).rejects.toThrow(
    /Authentication failed|could not read/,
  )
  await expect(git(dir, stranger.token, 'ls-remote', address)).rejects.toThrow(/not found/)
  const reader = admin.createUser({ login: 'reader' })
  admin.setPermission('octo/access', 'reader', 'read')
  const into = await clone(reader.token, 'read')
  await git(into, null, 'commit', '--quiet', '--allow-empty', '-m', 'no')
  await expect(git(into, reader.token, 'push', 'origin', 'HEAD:refs/heads/no')).rejects.toThrow(/403/)
})

test('any commit can be fetched by its id, also one that no branch holds any longer', async () => {
  const { git, alice, hub } = stage
  const dir = await clone(alice.token, 'any')
  await git(dir, null, 'checkout', '--quiet', '-b', 'gone')
  await git(dir, null, 'commit', '--quiet', '--allow-empty', '-m', 'gone')
  const sha = await git(dir, null, 'rev-parse', 'HEAD')
  await git(dir, alice.token, 'push', '--quiet', 'origin', 'gone')
  await git(dir, alice.token, 'push', '--quiet', 'origin', ':gone')
  const bare = join(stage.dir, 'bare')
  await git(stage.dir, null, 'init', '--quiet', '--bare', bare)
  await git(bare, alice.token, 'fetch', '--quiet', `${hub.url}/octo/access.git`, sha)
  expect(await git(bare, null, 'cat-file', '-t', sha)).toBe('commit')
})

test('refs of pull requests can be fetched and not pushed', async () => {
  const { git, alice, propose } = stage
  const pull = await propose(alice, 'refs', { 'r.txt': 'r\n' })
  const dir = await clone(alice.token, 'pull-refs')
  await git(dir, alice.token, 'fetch', '--quiet', 'origin', `refs/pull/${pull.number}/head`)
  expect(await git(dir, null, 'rev-parse', 'FETCH_HEAD')).toBe(pull.head.sha)
  await git(dir, alice.token, 'fetch', '--quiet', 'origin', `refs/pull/${pull.number}/merge`)
  expect(await git(dir, null, 'rev-parse', 'FETCH_HEAD^2')).toBe(pull.head.sha)
  await expect(git(dir, alice.token, 'push', 'origin', `HEAD:refs/pull/${pull.number}/head`)).rejects.toThrow(
    /hidden ref/,
  )
})

test('objects made through the API are sound to git itself', async () => {
  const { git, repository, alice, commitTo, as, at } = stage
  const main = await as(alice.token).rest.git.getRef({ ...at, ref: 'heads/main' })
  await as(alice.token).rest.git.createRef({ ...at, ref: 'refs/heads/deep', sha: main.data.object.sha })
  await commitTo(alice, 'deep', { 'a/b/c.txt': 'c', 'a.txt': 'a', 'a-b': 'x', 'é.txt': 'ü' })
  expect(await git(repository.gitDir, null, 'fsck', '--strict', '--no-dangling')).not.toMatch(/error|warning/)
  expect(await git(repository.gitDir, null, 'ls-tree', '-r', '--name-only', '-z', 'deep')).toContain(
    'a/b/c.txt',
  )
})

test('git is sent on from the old name of a renamed repository, and told nothing where it may not read', async () => {
  const { git, admin, alice, stranger, hub, dir } = stage
  await admin.renameRepository('octo/access', 'octo/renamed')
  const old = `${hub.url}/octo/access.git`
  const into = await clone(alice.token, 'moved')
  await git(into, null, 'commit', '--quiet', '--allow-empty', '-m', 'by the old name')
  expect(await git(into, alice.token, 'push', 'origin', 'HEAD:refs/heads/sent-on')).toContain('[new branch]')
  const strict = ['-c', 'http.followRedirects=false', 'ls-remote', old]
  await expect(git(dir, alice.token, ...strict)).rejects.toThrow(/returned error: 301/)
  await expect(git(dir, stranger.token, 'ls-remote', old)).rejects.toThrow(/not found/)
  await admin.renameRepository('octo/renamed', 'octo/access')
})

test('fetches and pushes are counted', async () => {
  const { git, admin, alice, hub, dir } = stage
  admin.resetCounters()
  await git(dir, alice.token, 'ls-remote', `${hub.url}/octo/access.git`)
  expect(admin.counters()).toMatchObject({ gitFetches: 1, gitPushes: 0, reads: 0, writes: 0 })
})
