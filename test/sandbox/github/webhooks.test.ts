import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { verify } from '@octokit/webhooks-methods'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failureOf, type Hook, PERMISSIONS, type Stage, setStage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage.close())

const schemaFile = createRequire(import.meta.url).resolve('@octokit/webhooks-schemas/schema.json')
const ajv = new Ajv({ strict: false, allErrors: true })
addFormats.default(ajv)
ajv.addSchema({ ...JSON.parse(readFileSync(schemaFile, 'utf8')), $id: 'webhooks' })

/** What the published schema of this very event and action has against the payload. */
function faultsOf(hook: Hook): string[] {
  const action = typeof hook.payload.action === 'string' ? hook.payload.action : 'event'
  const validate = ajv.getSchema(`webhooks#/definitions/${hook.event}$${action}`)
  if (!validate) return [`no schema for ${hook.event} ${action}`]
  if (validate(publishedBefore(hook.payload))) return []
  return (validate.errors ?? []).map(
    (error) => `${hook.event} ${action}${error.instancePath} ${error.message}`,
  )
}

/** The published list of event names is older than `merge_group`. */
function publishedBefore(payload: Hook['payload']): Hook['payload'] {
  const { hook } = payload
  if (typeof hook !== 'object' || hook === null || !('events' in hook)) return payload
  const events = Array.isArray(hook.events) ? hook.events.filter((name) => name !== 'merge_group') : []
  return { ...payload, hook: { ...hook, events } }
}

const of = (pull: { number: number }) => ({ ...stage.at, pull_number: pull.number })

/** Makes every event that this GitHub knows happen. */
async function everything(): Promise<void> {
  const { admin, as, asApp, asInstallation, alice, bob, at, propose, commitTo, installationId } = stage
  const [mine, theirs] = [as(alice.token).rest, as(bob.token).rest]
  const pull = await propose(alice, 'all', { 'all.txt': '1' })
  await commitTo(alice, 'all', { 'all.txt': '2' })
  admin.createTeam({ org: 'octo', slug: 'parents', members: ['bob'] })
  admin.createTeam({ org: 'octo', slug: 'children', parent: 'parents' })
  admin.addTeamMember('octo', 'children', 'alice')
  admin.removeTeamMember('octo', 'children', 'alice')
  await admin.setTeamPermission('octo/access', 'parents', 'write')
  await mine.pulls.requestReviewers({ ...of(pull), reviewers: ['bob'], team_reviewers: ['parents'] })
  await mine.pulls.removeRequestedReviewers({ ...of(pull), reviewers: ['bob'], team_reviewers: ['parents'] })
  await mine.pulls.update({ ...of(pull), title: 'edited', body: 'text' })
  await stage.setDraft(alice, pull, true)
  await stage.setDraft(alice, pull, false)
  await mine.pulls.update({ ...of(pull), state: 'closed' })
  await mine.pulls.update({ ...of(pull), state: 'open' })
  await theirs.issues.update({ ...at, issue_number: pull.number, labels: ['ready'] })
  await theirs.issues.update({ ...at, issue_number: pull.number, labels: [] })
  const review = await theirs.pulls.createReview({ ...of(pull), event: 'APPROVE', body: 'fine' })
  await theirs.pulls.updateReview({ ...of(pull), review_id: review.data.id, body: 'finer' })
  await mine.pulls.dismissReview({ ...of(pull), review_id: review.data.id, message: 'stale' })
  const issue_number = pull.number
  const comment = await mine.issues.createComment({ ...at, issue_number, body: '/gitsudo revoke' })
  await mine.issues.updateComment({ ...at, comment_id: comment.data.id, body: 'never mind' })
  await mine.issues.deleteComment({ ...at, comment_id: comment.data.id })
  await asInstallation().rest.issues.createComment({ ...at, issue_number, body: 'from the App' })
  const issue = await mine.issues.create({ ...at, title: 'an issue', body: 'text', labels: ['owed'] })
  await mine.issues.update({ ...at, issue_number: issue.data.number, state: 'closed' })
  const checks = asInstallation().rest.checks
  const run = await checks.create({ ...at, name: 'gitsudo', head_sha: pull.head.sha, status: 'in_progress' })
  await checks.update({
    ...at,
    check_run_id: run.data.id,
    conclusion: 'success',
    output: { title: 't', summary: 's' },
  })
  await mine.checks.rerequestRun({ ...at, check_run_id: run.data.id })
  const check_suite_id = run.data.check_suite?.id ?? 0
  await mine.checks.rerequestSuite({ ...at, check_suite_id })
  await theirs.pulls.merge(of(pull))
  admin.protectBranch('octo/access', 'main', { mergeQueue: {} })
  const queued = await propose(alice, 'queued', { 'queued.txt': '1' })
  await stage.mutate(bob, 'enqueuePullRequest', { pullRequestId: queued.node_id }, 'mergeQueueEntry { id }')
  admin.unprotectBranch('octo/access', 'main')
  await mine.git.deleteRef({ ...at, ref: 'heads/all' })
  await mine.git.createRef({ ...at, ref: 'refs/tags/v1', sha: pull.base.sha })
  await admin.createRepository({ owner: 'octo', name: 'second', files: { 'a.txt': 'a' } })
  admin.installApp('gitsudo', 'octo/second')
  admin.removeFromInstallation(installationId, 'octo/second')
  await admin.renameRepository('octo/access', 'octo/renamed')
  await admin.renameRepository('octo/renamed', 'octo/access')
  admin.suspendInstallation(installationId)
  admin.suspendInstallation(installationId, false)
  admin.setAppPermissions('gitsudo', PERMISSIONS)
  admin.setAppWebhook('gitsudo', {})
  await asApp().rest.apps.getWebhookConfigForApp()
  await admin.deliveriesSettled()
}

test('every payload has the published shape of its event, and is signed', async () => {
  await everything()
  const kinds = new Set(stage.hooks.hooks.map((hook) => `${hook.event} ${hook.payload.action ?? ''}`.trim()))
  expect([...kinds].sort()).toEqual([
    'check_run completed',
    'check_run created',
    'check_run rerequested',
    'check_suite completed',
    'check_suite requested',
    'check_suite rerequested',
    'installation created',
    'installation new_permissions_accepted',
    'installation suspend',
    'installation unsuspend',
    'installation_repositories added',
    'installation_repositories removed',
    'issue_comment created',
    'issue_comment deleted',
    'issue_comment edited',
    'issues closed',
    'issues opened',
    'membership added',
    'membership removed',
    'merge_group checks_requested',
    'merge_group destroyed',
    'ping',
    'pull_request closed',
    'pull_request converted_to_draft',
    'pull_request dequeued',
    'pull_request edited',
    'pull_request enqueued',
    'pull_request labeled',
    'pull_request opened',
    'pull_request ready_for_review',
    'pull_request reopened',
    'pull_request review_request_removed',
    'pull_request review_requested',
    'pull_request synchronize',
    'pull_request unlabeled',
    'pull_request_review dismissed',
    'pull_request_review edited',
    'pull_request_review submitted',
    'push',
    'repository renamed',
    'team added_to_repository',
    'team created',
  ])
  expect(stage.hooks.hooks.flatMap(faultsOf)).toEqual([])
  for (const { raw, headers, event } of stage.hooks.hooks) {
    expect(await verify('hook-secret', raw, headers['x-hub-signature-256'] ?? '')).toBe(true)
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-github-event': event,
      'x-github-delivery': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-github-hook-id': expect.stringMatching(/^\d+$/),
      'x-github-hook-installation-target-id': String(stage.app.id),
      'x-github-hook-installation-target-type': 'integration',
      'user-agent': expect.stringMatching(/^GitHub-Hookshot\//),
    })
  }
})

test('a push tells its commits and their paths', async () => {
  const { git, hub, alice, dir, hooks, admin, repository } = stage
  const { mkdir, writeFile, rm } = await import('node:fs/promises')
  const clone = `${dir}/pusher`
  await mkdir(clone)
  await git(clone, alice.token, 'clone', '--quiet', `${hub.url}/octo/access.git`, '.')
  await writeFile(`${clone}/added.txt`, '1')
  await git(clone, null, 'add', '.')
  await git(clone, null, 'commit', '--quiet', '-m', 'first')
  await writeFile(`${clone}/README.md`, 'changed')
  await rm(`${clone}/added.txt`)
  await git(clone, null, 'commit', '--quiet', '-a', '-m', 'second')
  await git(clone, alice.token, 'push', '--quiet', 'origin', 'main')
  await admin.deliveriesSettled()
  const hook = hooks.find('push').at(-1)
  expect(hook?.payload).toMatchObject({
    ref: 'refs/heads/main',
    created: false,
    forced: false,
    deleted: false,
    pusher: { name: 'alice' },
    sender: { login: 'alice' },
    repository: { id: repository.id },
    commits: [
      { message: 'first', added: ['added.txt'], modified: [], removed: [], author: { username: 'alice' } },
      { message: 'second', added: [], modified: ['README.md'], removed: ['added.txt'] },
    ],
    head_commit: { message: 'second' },
  })
})

test('deliveries are listed by cursor, read back, and sent again only when asked, under the same GUID', async () => {
  const { asApp, admin, hooks, alice, propose } = stage
  const api = asApp().rest.apps
  hooks.answerWith(500)
  await propose(alice, 'redeliver', { 'redeliver.txt': 'x' })
  await admin.deliveriesSettled()
  hooks.answerWith(202)
  const failed = (await api.listWebhookDeliveries({ per_page: 100 })).data.find(
    (one) => one.action === 'opened',
  )
  expect(failed).toMatchObject({ status_code: 500, redelivery: false, event: 'pull_request' })
  const before = hooks.hooks.length
  const delivery_id = failed?.id ?? 0
  const full = (await api.getWebhookDelivery({ delivery_id })).data
  expect(full.request.headers?.['X-GitHub-Delivery']).toBe(failed?.guid)
  expect(full.request.payload).toMatchObject({ action: 'opened' })
  expect(hooks.hooks.length).toBe(before)
  await api.redeliverWebhookDelivery({ delivery_id })
  await admin.deliveriesSettled()
  const again = hooks.hooks.at(-1)
  expect(again?.headers['x-github-delivery']).toBe(failed?.guid)
  expect(again?.raw).toBe(hooks.hooks.find((hook) => hook.headers['x-github-delivery'] === failed?.guid)?.raw)
  const newest = (await api.listWebhookDeliveries({ per_page: 1 })).data[0]
  expect(newest).toMatchObject({ guid: failed?.guid, redelivery: true, status: 'OK', status_code: 202 })
  const seen: number[] = []
  let cursor: string | undefined
  do {
    const page = await api.listWebhookDeliveries({ per_page: 7, ...(cursor ? { cursor } : {}) })
    seen.push(...page.data.map((one) => one.id))
    cursor = /cursor=([^&>]+)/.exec(page.headers.link ?? '')?.[1]
  } while (cursor)
  expect(seen).toEqual([...seen].sort((a, b) => b - a))
  expect(new Set(seen).size).toBe(hooks.hooks.length)
})

test('deliveries can be dropped, lost, doubled, delayed and reordered', async () => {
  const { as, admin, alice, asApp, at, hooks } = stage
  const { number } = (await as(alice.token).rest.issues.create({ ...at, title: 'faults' })).data
  const say = (body: string) =>
    as(alice.token).rest.issues.createComment({ ...at, issue_number: number, body })
  const heard = () =>
    hooks
      .find('issue_comment', 'created')
      .map((hook) => (hook.payload.comment as { body: string }).body)
      .filter((body) => body.startsWith('fault-'))
  const { faults } = admin
  faults.deliveries({ happens: 'drop', event: 'issue_comment', count: 1 })
  await say('fault-dropped')
  faults.deliveries({ happens: 'lose', event: 'issue_comment', count: 1 })
  await say('fault-lost')
  faults.deliveries({ happens: 'double', event: 'issue_comment', count: 1 })
  await say('fault-doubled')
  await admin.deliveriesSettled()
  expect(heard()).toEqual(['fault-doubled', 'fault-doubled'])
  const listed = (await asApp().rest.apps.listWebhookDeliveries({ per_page: 4 })).data
  expect(listed.map((one) => one.status_code).sort()).toEqual([202, 202, 202, 502])
  faults.deliveries({ happens: 'reorder', event: 'issue_comment', count: 1 })
  await say('fault-first')
  expect(admin.pendingDeliveries()).toBe(1)
  await say('fault-second')
  await admin.deliveriesSettled()
  expect(heard().slice(2)).toEqual(['fault-second', 'fault-first'])
  faults.deliveries({ happens: 'delay', event: 'issue_comment', count: 1 })
  await say('fault-late')
  expect(admin.pendingDeliveries()).toBe(1)
  faults.clear()
  await admin.deliveriesSettled()
  expect(heard().at(-1)).toBe('fault-late')
})

test('the hook’s address and secret can be changed by the App', async () => {
  const { asApp, hooks, app } = stage
  const api = asApp().rest.apps
  expect((await api.getWebhookConfigForApp()).data).toMatchObject({ url: hooks.url, secret: '********' })
  await api.updateWebhookConfigForApp({ secret: 'other-secret' })
  await stage.admin.deliveriesSettled()
  const ping = hooks.find('ping').at(-1)
  expect(await verify('other-secret', ping?.raw ?? '', ping?.headers['x-hub-signature-256'] ?? '')).toBe(true)
  await api.updateWebhookConfigForApp({ secret: app.webhookSecret })
  expect((await failureOf(stage.as(stage.alice.token).rest.apps.getWebhookConfigForApp())).status).toBe(401)
})
