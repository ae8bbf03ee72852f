import { appendFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalGcp, startGcp } from '../../app/sandbox/clouds/gcp/start.ts'
import type { Service } from '../../app/sandbox/service.ts'
import { until } from '../../app/sandbox/until.ts'
import { type Asked, openTestWorld, type TestWorld } from '../support/world.ts'

const project = 'projects/example-prod'
const spec = { provider: 'gcp', role: 'prod-compute', scope: project, duration: '1h' }

let dir: string
let gcp: LocalGcp
let t: TestWorld
let service: Service

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-gcp-'))
  gcp = await startGcp({ clock: { now: () => t?.clock.now() ?? Date.now() } })
  gcp.addResource(project)
  const tokenFile = join(dir, 'token')
  const { token, configuration } = gcp.federation(tokenFile)
  await writeFile(tokenFile, token)
  await writeFile(join(dir, 'gcp.json'), JSON.stringify(configuration))
  const settings = {
    providers: {
      mock: {},
      gcp: {
        credentials_source: 'workload_identity_federation',
        credentials_file: join(dir, 'gcp.json'),
        base_url: gcp.url,
      },
    },
  }
  // What the shipped catalogue has on Google Cloud is open in business hours only.
  const policies = join(dir, 'policies')
  await cp(new URL('../../policies', import.meta.url), policies, { recursive: true })
  await appendFile(
    join(policies, 'data', 'roles.yaml'),
    `  - {provider: gcp, role: prod-compute, scopes: [${project}], cloudRole: roles/compute.admin, maxDuration: 4h, owners: [sre]}\n`,
  )
  t = await openTestWorld({ merge: 'manual', settings, template: dir })
  service = await t.start()
})
afterAll(async () => {
  await service?.stop()
  await t?.close()
  await gcp?.close()
  await rm(dir, { recursive: true, force: true })
})

const getsIn = () => gcp.getsIn('user:alice@example.com', 'roles/compute.admin', project)

const live = async (slug: string): Promise<Asked> => {
  const asked = await t.ask(slug, spec)
  await t.checked(asked.head, 'action_required')
  for (const login of ['bob', 'carol'] as const) await t.people[login].review(asked.number, 'APPROVE')
  await t.checked(asked.head, 'success')
  expect(getsIn()).toBe(false)
  expect((await t.people.bob.merge(asked.number)).status).toBe(200)
  await t.reached(asked.id, 'active')
  return asked
}

test('a request lets its requester into the project for as long as was approved', async () => {
  const asked = await live('gcp-expires')
  expect(getsIn()).toBe(true)
  const ran = await t.gitsudo('alice', 'exec', asked.id, '--', 'touch', join(dir, 'ran'))
  expect(ran).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/user:alice@example\.com.*as yourself/s),
  })
  await t.jump(59 * 60_000)
  expect(getsIn()).toBe(true)
  await t.jump(61_000)
  // Google's own condition has run out, whatever gitsudo has done by now.
  expect(getsIn()).toBe(false)
  await t.reached(asked.id, 'ended')
  expect(gcp.policy(project).bindings).toEqual([])
  await t.allSealed()
  const types = (await t.events(asked.id)).map(({ type }) => type)
  expect(types.filter((type) => type.startsWith('grant.'))).toEqual([
    'grant.intended',
    'grant.issued',
    'grant.expired',
  ])
  expect(types).not.toContain('credentials.issued')
})

test('a revocation is not done before Google says so, however long it is away', async () => {
  const asked = await live('gcp-revoked')
  const heal = gcp.faults.plan({ answer: 'unavailable' })
  const revoked = t.gitsudo('alice', 'revoke', asked.id)
  await t.reached(asked.id, 'revoking')
  await until(
    'a try',
    async () => (await t.query('select id from grants where id = $1 and tries > 1', [asked.id])).length > 0,
  )
  expect(getsIn()).toBe(true)
  heal()
  expect(await revoked).toMatchObject({ status: 0 })
  await t.reached(asked.id, 'ended')
  expect(getsIn()).toBe(false)
  expect(gcp.policy(project).bindings).toEqual([])
})

test('what is configured wrong is said in words, and what is there is listed', async () => {
  const asked = await live('gcp-listed')
  const config = ['--config', t.service.config]
  const listed = await t.gitsudo('erin', 'provider', 'list', ...config)
  expect(listed).toMatchObject({ status: 0, stdout: expect.stringContaining(asked.id) })
  expect(listed.stdout).toMatch(
    /gcp .*user:alice@example\.com .*roles\/compute\.admin .*projects\/example-prod/,
  )
  expect(await t.gitsudo('erin', 'provider', 'check', ...config)).toMatchObject({ status: 0 })
  gcp.withdraw('resourcemanager.projects.setIamPolicy')
  const checked = await t.gitsudo('erin', 'provider', 'check', ...config)
  gcp.giveBack('resourcemanager.projects.setIamPolicy')
  expect(checked).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(
      /gcp .*projects\/example-prod: permission resourcemanager\.projects\.setIamPolicy/,
    ),
  })
})
