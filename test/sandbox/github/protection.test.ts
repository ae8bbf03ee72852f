import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { failureOf, type Stage, setStage } from './stage.ts'

let stage: Stage
beforeEach(async () => {
  stage = await setStage()
})
afterEach(() => stage.close())

const of = (pull: { number: number }) => ({ ...stage.at, pull_number: pull.number })

async function report(sha: string, conclusion: 'success' | 'failure') {
  const { asInstallation, at } = stage
  await asInstallation().rest.checks.create({
    ...at,
    name: 'gitsudo',
    head_sha: sha,
    status: 'completed',
    conclusion,
  })
}

test('the required check must come from this App and pass; an administrator may go past it', async () => {
  const { as, admin, alice, bob, root, app, at, hooks, propose } = stage
  admin.protectBranch('octo/access', 'main', { requiredChecks: [{ context: 'gitsudo', appId: app.id }] })
  const impostor = admin.createApp({ slug: 'impostor', permissions: { checks: 'write' } })
  const installationId = admin.installApp('impostor', 'octo/access')
  const fake = stage.asApp({ appId: impostor.id, privateKey: impostor.privateKey, installationId })
  const pull = await propose(alice, 'one', { 'one.txt': 'x' })
  const merge = (token: string) => as(token).rest.pulls.merge(of(pull))
  expect(await failureOf(merge(bob.token))).toEqual({
    status: 405,
    message: expect.stringContaining('Required status check "gitsudo" is expected.'),
  })
  await fake.rest.checks.create({ ...at, name: 'gitsudo', head_sha: pull.head.sha, conclusion: 'success' })
  expect((await failureOf(merge(bob.token))).message).toContain('is expected')
  await report(pull.head.sha, 'failure')
  expect((await failureOf(merge(bob.token))).message).toContain('is failing')
  expect((await as(bob.token).rest.pulls.get(of(pull))).data.mergeable_state).toBe('blocked')
  await merge(root.token)
  expect((await hooks.of('pull_request', 'closed')).payload).toMatchObject({
    sender: { login: 'root' },
    pull_request: { merged: true },
  })
  const next = await propose(alice, 'two', { 'two.txt': 'x' })
  await report(next.head.sha, 'success')
  expect((await as(bob.token).rest.pulls.merge(of(next))).data.merged).toBe(true)
})

test('with enforcement for administrators nobody goes past it', async () => {
  const { as, admin, alice, root, propose } = stage
  admin.protectBranch('octo/access', 'main', {
    requiredChecks: [{ context: 'gitsudo' }],
    enforceAdmins: true,
  })
  const pull = await propose(alice, 'strict', { 'strict.txt': 'x' })
  expect((await failureOf(as(root.token).rest.pulls.merge(of(pull)))).status).toBe(405)
})

test('required reviews count those of writers, and stale ones are dismissed', async () => {
  const { as, admin, alice, bob, propose, commitTo, hooks } = stage
  admin.protectBranch('octo/access', 'main', { requiredReviews: 1, dismissStale: true })
  const reader = admin.createUser({ login: 'reader' })
  admin.setPermission('octo/access', 'reader', 'read')
  const pull = await propose(alice, 'reviewed', { 'reviewed.txt': '1' })
  const approve = (token: string) => as(token).rest.pulls.createReview({ ...of(pull), event: 'APPROVE' })
  await approve(reader.token)
  expect((await failureOf(as(bob.token).rest.pulls.merge(of(pull)))).message).toContain(
    'At least 1 approving review',
  )
  await approve(bob.token)
  await commitTo(alice, 'reviewed', { 'reviewed.txt': '2' })
  await hooks.of('pull_request_review', 'dismissed', 2)
  expect((await failureOf(as(bob.token).rest.pulls.merge(of(pull)))).status).toBe(405)
  await approve(bob.token)
  expect((await as(bob.token).rest.pulls.merge(of(pull))).data.merged).toBe(true)
})

test('git push obeys protection: refused to writers, allowed to administrators, never forced', async () => {
  const { admin, git, alice, root, hub } = stage
  admin.protectBranch('octo/access', 'main', { requiredReviews: 1, requiredChecks: [{ context: 'gitsudo' }] })
  const dir = join(stage.dir, 'clone')
  await mkdir(dir)
  await git(dir, alice.token, 'clone', '--quiet', `${hub.url}/octo/access.git`, '.')
  await git(dir, null, 'commit', '--quiet', '--allow-empty', '-m', 'direct')
  await expect(git(dir, alice.token, 'push', 'origin', 'main')).rejects.toThrow(
    /GH006: Protected branch update failed for refs\/heads\/main[\s\S]*through a pull request[\s\S]*hook declined/,
  )
  await git(dir, root.token, 'push', '--quiet', 'origin', 'main')
  await git(dir, null, 'commit', '--quiet', '--amend', '--allow-empty', '-m', 'other')
  await expect(git(dir, root.token, 'push', '--force', 'origin', 'main')).rejects.toThrow(/Cannot force-push/)
  await git(dir, root.token, 'push', '--quiet', 'origin', 'main:refs/heads/kept')
  admin.protectBranch('octo/access', 'kept', {})
  await expect(git(dir, root.token, 'push', 'origin', ':kept')).rejects.toThrow(/Cannot delete/)
  await git(dir, alice.token, 'push', '--quiet', 'origin', 'main:refs/heads/free')
})

test('protection can be read, and shows the App that a check must come from', async () => {
  const { as, admin, asApp, installationId, app, root, alice, at } = stage
  const read = (token: string) => as(token).rest.repos.getBranchProtection({ ...at, branch: 'main' })
  expect((await failureOf(read(root.token))).message).toContain('Branch not protected')
  admin.protectBranch('octo/access', 'main', { requiredChecks: [{ context: 'gitsudo', appId: app.id }] })
  expect((await read(root.token)).data).toMatchObject({
    required_status_checks: { checks: [{ context: 'gitsudo', app_id: app.id }] },
    enforce_admins: { enabled: false },
  })
  expect((await failureOf(read(alice.token))).status).toBe(403)
  const byApp = asApp({ installationId }).rest.repos
  expect(await failureOf(byApp.getBranchProtection({ ...at, branch: 'main' }))).toEqual({
    status: 403,
    message: expect.stringContaining('Resource not accessible by integration'),
  })
  expect((await byApp.getBranch({ ...at, branch: 'main' })).data.protection).toMatchObject({
    required_status_checks: { checks: [{ context: 'gitsudo', app_id: app.id }] },
  })
})

test('with strict checks a branch that is behind must be updated first', async () => {
  const { as, admin, alice, bob, at, propose } = stage
  admin.protectBranch('octo/access', 'main', { strict: true })
  const pull = await propose(alice, 'late', { 'late.txt': 'x' })
  const next = await propose(alice, 'early', { 'early.txt': 'x' })
  await as(bob.token).rest.pulls.merge(of(next))
  expect((await as(bob.token).rest.pulls.get(of(pull))).data.mergeable_state).toBe('behind')
  expect((await failureOf(as(bob.token).rest.pulls.merge(of(pull)))).message).toContain('not up to date')
  await as(bob.token).rest.pulls.updateBranch({ ...at, pull_number: pull.number })
  expect((await as(bob.token).rest.pulls.merge(of(pull))).data.merged).toBe(true)
})
