// The attack: checks belong to commits, not to pull requests. Let a harmless pull request earn the check, and merge
// another one with the same head by it; merge one and have GitHub mark both as merged; or post a check of our name
// oneself (trust.md 6.06a, 6.06b, 6.06c).
import { createSign } from 'node:crypto'
import { expect, test } from 'vitest'
import { requestId } from '../../app/request/id.ts'
import { until } from '../../app/sandbox/until.ts'
import { type Asked, admin } from '../support/world.ts'
import { type AttackWorld, attackWorld } from './support/world.ts'

/** Another branch and pull request on the same commit. */
const twinOf = async (t: AttackWorld, asked: Asked, who: 'alice' | 'dave' = 'dave'): Promise<Asked> => {
  const branch = `${asked.branch}-twin`
  await t.api('POST', '/git/refs', { ref: `refs/heads/${branch}`, sha: asked.head }, who)
  const pull = await t.people[who].openPull(branch, 'The same once more')
  return { ...pull, path: asked.path, branch, id: requestId(t.repository.id, pull.number, asked.path) }
}

type Run = { readonly id: number; readonly conclusion: string | null; readonly external_id: string }
/** GitHub counts the latest of several; all of them, oldest first. */
const all = async (t: AttackWorld, head: string) =>
  (
    await t.api<{ check_runs: readonly Run[] }>('GET', `/commits/${head}/check-runs?filter=all`)
  ).check_runs.toSorted((a, b) => a.id - b.id)

test('6.06a: a head of two open pull requests passes for neither, and for the one that stays', async () => {
  const t = await attackWorld()
  const asked = await t.ask('twin-check')
  await t.checked(asked.head, 'success')
  const twin = await twinOf(t, asked)
  const ours = [asked, twin].map(({ number }) => `gitsudo:${t.repository.id}:${number}`)
  await until('both checks to fail', async () => {
    const runs = await all(t, asked.head)
    return runs.length === 2 && runs.every(({ conclusion }) => conclusion === 'failure')
  })
  expect((await all(t, asked.head)).map((run) => run.external_id)).toEqual(ours)
  expect(await t.checked(asked.head, 'failure', 'the same head')).toContain('6.06a')
  expect((await t.people.bob.merge(asked.number)).status).toBe(405)
  await t.nothingGranted(asked.number)
  await t.api('PATCH', `/pulls/${twin.number}`, { state: 'closed' })
  await until(
    'the check to pass again',
    async () => (await all(t, asked.head)).at(-1)?.conclusion === 'success',
  )
  expect((await t.people.bob.merge(asked.number)).status).toBe(200)
  await t.reached(asked.id, 'active')
  await t.nothingGranted(twin.number)
})

test('6.06b: merging one marks both as merged, and what was approved in one is granted once at most', async () => {
  const t = await attackWorld()
  const asked = await t.ask('twin-merge', admin)
  await t.approve(asked.number, 'bob', 'carol')
  const twin = await twinOf(t, asked)
  // The administrator merges the one that nobody approved.
  await t.land(twin.number)
  for (const { number } of [asked, twin]) {
    expect(await t.api('GET', `/pulls/${number}`)).toMatchObject({ merged: true })
  }
  await t.reached(twin.id, 'refused')
  await t.commented(twin.number, 'merged with 0 of the 1 approvals')
  await t.nothingGranted(twin.number)
  // What was approved is on the branch, with the bytes that were approved: it is good, once.
  await t.reached(asked.id, 'active')
  expect((await t.bindings()).filter((id) => id === asked.id || id === twin.id)).toEqual([asked.id])
})

test('6.06c: a check or a status of our name from anybody else lets nothing in', async () => {
  const t = await attackWorld()
  const asked = await t.ask('twin-name', admin)
  await t.checked(asked.head, 'action_required')
  const { admin: github } = t.github
  const { id: appId, privateKey } = github.createApp({
    slug: 'impostor',
    permissions: { checks: 'write', statuses: 'write' },
  })
  const installation = github.installApp('impostor', t.repository.fullName)
  const token = await installationToken(t, appId, privateKey, installation)
  const posted = await fetch(`${t.github.apiUrl}/repos/${t.repository.fullName}/check-runs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'gitsudo',
      head_sha: asked.head,
      external_id: `gitsudo:${t.repository.id}:${asked.number}`,
      conclusion: 'success',
    }),
  })
  expect(posted.status).toBe(201)
  await t.api('POST', `/statuses/${asked.head}`, { state: 'success', context: 'gitsudo' }, 'alice')
  expect((await t.people.alice.merge(asked.number)).status).toBe(405)
  // And where somebody may merge all the same, the verdict does not ask what any check said.
  await t.land(asked.number)
  await t.refused(asked, 'merged with 0 of the 1 approvals')
})

test('6.06c: where the branch takes the check from anybody, `server status` says so', async () => {
  const t = await attackWorld()
  const { fullName } = t.second
  const troubles = async () => {
    const answer = await fetch(`${t.service.url}/api/v1/server/status`, {
      headers: { authorization: `Bearer ${t.people.erin.token}` },
    })
    const { repositories } = (await answer.json()) as {
      repositories: readonly { readonly name: string; readonly troubles: readonly string[] }[]
    }
    return repositories.find(({ name }) => name === fullName)?.troubles
  }
  const { body } = await t.people.erin.api('GET', `/repos/${fullName}/branches/main`)
  const { checks } = (body as { protection: { required_status_checks: { checks: { app_id: number }[] } } })
    .protection.required_status_checks
  const require = (appId: number | null | undefined) =>
    t.github.admin.protectBranch(fullName, 'main', {
      requiredChecks: appId === undefined ? [] : [{ context: 'gitsudo', appId }],
    })
  expect(await troubles()).toEqual([])
  require(null)
  expect(await troubles()).toEqual([expect.stringContaining('takes the check gitsudo from anybody')])
  require(undefined)
  expect(await troubles()).toEqual([expect.stringContaining('does not require the check gitsudo')])
  require(checks[0]?.app_id)
  expect(await troubles()).toEqual([])
})

const installationToken = async (t: AttackWorld, appId: number, key: string, installation: number) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1000)
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: now - 30, exp: now + 300, iss: appId })}`
  const jwt = `${signed}.${createSign('RSA-SHA256').update(signed).sign(key).toString('base64url')}`
  const answer = await fetch(`${t.github.apiUrl}/app/installations/${installation}/access_tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${jwt}` },
  })
  return ((await answer.json()) as { token: string }).token
}
