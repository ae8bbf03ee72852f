import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Binding } from '../../../app/sandbox/clouds/gcp/policy.ts'
import { type LocalGcp, startGcp } from '../../../app/sandbox/clouds/gcp/start.ts'
import type { Service } from '../../../app/sandbox/service.ts'
import { until } from '../../../app/sandbox/until.ts'
import { offering } from '../../support/offering.ts'
import { type Asked, openTestWorld, type TestWorld } from '../../support/world.ts'

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
  await offering(
    dir,
    `{provider: gcp, role: prod-compute, scopes: [${project}], cloudRole: roles/compute.admin, maxDuration: 4h, owners: [sre]}`,
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
  const told = 'echo "$CLOUDSDK_CORE_ACCOUNT $CLOUDSDK_CORE_PROJECT"'
  const exec = () => t.gitsudo('alice', 'exec', asked.id, '--', 'sh', '-c', told)
  expect(await exec()).toEqual({
    status: 0,
    stdout: 'alice@example.com example-prod\n',
    stderr: `gitsudo: ${asked.id} is for your own identity, user:alice@example.com: sign in as that.\n`,
  })
  await t.jump(59 * 60_000)
  expect(getsIn()).toBe(true)
  await t.jump(61_000)
  // Google's own condition has run out, whatever gitsudo has done by now.
  expect(getsIn()).toBe(false)
  await t.reached(asked.id, 'ended')
  expect(await exec()).toMatchObject({ status: 1, stdout: '', stderr: expect.stringContaining('not active') })
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
  expect((await t.gitsudo('alice', 'server', 'status')).stdout).toMatch(
    /revocation debt +UP +1 grant not confirmed gone/,
  )
  heal()
  expect(await revoked).toMatchObject({ status: 0 })
  await t.reached(asked.id, 'ended')
  expect(getsIn()).toBe(false)
  expect(gcp.policy(project).bindings).toEqual([])
})

test('what Google holds is compared with the ledger: more than was granted is cut back, orphans go, strangers stay', async () => {
  const asked = await live('gcp-compared')
  const [own] = gcp.policy(project).bindings
  const title = own?.condition?.title
  if (own === undefined || title === undefined) throw new Error('no binding')
  const mallory = 'user:mallory@example.com'
  const titled = (as: string) => ({ ...own, condition: { ...own.condition, title: as } })
  const orphan = titled(title.slice(0, -1) + (title.endsWith('0') ? '1' : '0'))
  const strangers = [
    { ...titled(title.replace(/^gitsudo-.{8}/, 'gitsudo-00000000')), members: [mallory] },
    { ...titled('temporary, by hand'), members: [mallory] },
    { role: 'roles/browser', members: [mallory] },
  ]
  gcp.edit(project, () => [{ ...own, members: [...own.members, mallory] }, orphan, ...strangers])
  const reconcile = () => t.gitsudo('erin', 'provider', 'reconcile', '--config', t.service.config)
  const compared = await reconcile()
  expect(compared).toMatchObject({ status: 1, stdout: expect.stringMatching(/ORPHAN +req_\w+ +gone/) })
  expect(compared.stdout).toMatch(new RegExp(`DRIFT +${asked.id} +looked at again .*mallory`))
  await until('it to be cut back', async () => gcp.policy(project).bindings.some((one) => sameAs(one, own)))
  const { bindings } = gcp.policy(project)
  expect(bindings.map(sorted).toSorted()).toEqual([own, ...strangers].map(sorted).toSorted())
  expect(getsIn()).toBe(true)
  expect((await reconcile()).stdout).toBe('The clouds have what the ledger says.\n')

  // Taken away by hand it ends, and is not given again; put back by hand after its end, it goes.
  gcp.edit(project, (all) => all.filter(({ condition }) => condition?.title !== title))
  // Until then a read may lag behind the write that gave it.
  await t.jump(8 * 60_000)
  expect(await reconcile()).toMatchObject({ status: expect.any(Number) })
  await t.reached(asked.id, 'ended')
  expect(getsIn()).toBe(false)
  await t.jump(11 * 60_000)
  gcp.edit(project, (all) => [...all, own])
  // The service compares every ten minutes by itself, and may be first.
  await reconcile()
  await until('what came back to be gone', async () => !getsIn())
  expect(gcp.policy(project).bindings.map(sorted).toSorted()).toEqual(strangers.map(sorted).toSorted())
  await t.allSealed()
  const drifts = (await t.events(asked.id)).filter(({ type }) => type === 'grant.drift')
  expect([...new Set(drifts.map(({ data }) => data.finding))]).toEqual([undefined, 'resurrected'])
  expect(await t.verifyLedger()).toMatchObject({ status: 0 })
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

const sorted = (one: Binding): string => JSON.stringify([one.role, [...one.members].sort(), one.condition])
const sameAs = (a: Binding, b: Binding): boolean => sorted(a) === sorted(b)
