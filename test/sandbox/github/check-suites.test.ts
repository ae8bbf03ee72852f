import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stage, setStage } from './stage.ts'

let stage: Stage
beforeAll(async () => {
  stage = await setStage()
})
afterAll(() => stage.close())

const suites = async (action: string) => {
  await stage.admin.deliveriesSettled()
  return stage.hooks.find('check_suite', action).map(({ headers, payload }) => ({
    app: Number(headers['x-github-hook-installation-target-id']),
    suite: payload.check_suite as Record<string, unknown>,
    sender: (payload.sender as { login: string }).login,
  }))
}

test('a push asks each App that may write checks for a suite on the new commit, once', async () => {
  const { admin, alice, app, as, at, hooks, propose } = stage
  const common = { webhookUrl: hooks.url, webhookSecret: 's', owner: 'octo' }
  // Who may write checks is told without a subscription, who may only read them is never asked.
  const writes = admin.createApp({ ...common, slug: 'writes', permissions: { checks: 'write' } })
  const reads = { checks: 'read', contents: 'read' } as const
  admin.createApp({ ...common, slug: 'reads', permissions: reads, events: ['check_suite'] })
  for (const slug of ['writes', 'reads']) admin.installApp(slug, 'octo/access')
  const pull = await propose(alice, 'asks', { 'a.txt': 'a' })
  const asked = (await suites('requested')).filter(({ suite }) => suite.head_sha === pull.head.sha)
  expect(asked.map((each) => each.app).sort()).toEqual([app.id, writes.id].sort())
  expect(asked[0]).toMatchObject({
    sender: 'alice',
    suite: {
      head_branch: 'asks',
      before: pull.base.sha,
      after: pull.head.sha,
      status: 'queued',
      conclusion: null,
      latest_check_runs_count: 0,
      head_commit: { id: pull.head.sha, message: 'change asks' },
    },
  })
  const listed = await as(alice.token).rest.checks.listSuitesForRef({ ...at, ref: pull.head.sha })
  expect(listed.data.check_suites.map(({ id }) => id).sort()).toEqual(
    asked.map(({ suite }) => suite.id).sort(),
  )
  const before = (await suites('requested')).length
  await as(alice.token).rest.git.createRef({ ...at, ref: 'refs/heads/same', sha: pull.head.sha })
  await as(alice.token).rest.git.deleteRef({ ...at, ref: 'heads/same' })
  await as(alice.token).rest.git.createRef({ ...at, ref: 'refs/tags/same', sha: pull.head.sha })
  expect((await suites('requested')).length).toBe(before)
})

test('a suite is complete with its last check run, as whoever reads checks is told; only its App is asked again', async () => {
  const { admin, alice, app, as, asInstallation, at, propose } = stage
  const pull = await propose(alice, 'completes', { 'c.txt': 'c' })
  const { checks } = asInstallation().rest
  const start = (name: string) =>
    checks.create({ ...at, name, head_sha: pull.head.sha, status: 'in_progress' }).then(({ data }) => data)
  const end = (check_run_id: number, conclusion: 'success' | 'failure') =>
    checks.update({ ...at, check_run_id, conclusion })
  const [first, second] = [await start('first'), await start('second')]
  const done = async () => (await suites('completed')).filter(({ suite }) => suite.head_sha === pull.head.sha)
  await end(first.id, 'failure')
  expect(await done()).toEqual([])
  await end(second.id, 'success')
  const told = await done()
  expect(told.map((each) => each.app).length).toBe(3)
  expect(told[0]?.suite).toMatchObject({
    id: first.check_suite?.id,
    status: 'completed',
    conclusion: 'failure',
    latest_check_runs_count: 2,
    pull_requests: [{ number: pull.number }],
  })
  await as(alice.token).rest.checks.rerequestSuite({ ...at, check_suite_id: first.check_suite?.id ?? 0 })
  expect((await suites('rerequested')).map((each) => [each.app, each.sender])).toEqual([[app.id, 'alice']])
  expect(admin.pendingDeliveries()).toBe(0)
})

test('of several check runs of one name the newest counts, in the suite too', async () => {
  const { alice, as, asInstallation, at, propose } = stage
  const pull = await propose(alice, 'counts', { 'd.txt': 'd' })
  const { checks } = asInstallation().rest
  const run = async (name: string, conclusion?: 'success' | 'failure') => {
    const { data } = await checks.create({
      ...at,
      name,
      head_sha: pull.head.sha,
      ...(conclusion === undefined ? { status: 'in_progress' } : { status: 'completed', conclusion }),
    })
    const suites = await as(alice.token).rest.checks.listSuitesForRef({ ...at, ref: pull.head.sha })
    const suite = suites.data.check_suites.find(({ id }) => id === data.check_suite?.id)
    return [suite?.status, suite?.conclusion, suite?.latest_check_runs_count]
  }
  expect(await run('first', 'failure')).toEqual(['completed', 'failure', 1])
  expect(await run('second')).toEqual(['in_progress', null, 2])
  expect(await run('second', 'success')).toEqual(['completed', 'failure', 2])
  expect(await run('first', 'success')).toEqual(['completed', 'success', 2])
  expect(await run('first')).toEqual(['in_progress', null, 2])
})
