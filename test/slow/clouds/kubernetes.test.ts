import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalKubernetes, startKubernetes } from '../../../app/sandbox/clouds/kubernetes/start.ts'
import type { Service } from '../../../app/sandbox/service.ts'
import { until } from '../../../app/sandbox/until.ts'
import { getPods, shipped } from '../../support/kubernetes.ts'
import { type Asked, openTestWorld, type TestWorld } from '../../support/world.ts'

const spec = { provider: 'kubernetes', role: 'look', scope: 'production/checkout', duration: '1h' }
const group = 'rbac.authorization.k8s.io'

let dir: string
let cluster: LocalKubernetes
let t: TestWorld
let service: Service

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gitsudo-kubernetes-'))
  cluster = await startKubernetes({ clock: { now: () => t?.clock.now() ?? Date.now() } })
  for (const object of [...shipped('rbac'), ...shipped('tokens')]) cluster.apply(object)
  // `payments`, too, is what the shipped catalogue offers.
  for (const name of ['checkout', 'payments'])
    cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  cluster.apply({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'alice', namespace: 'people' },
  })
  const rules = [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }]
  // `edit` is what the shipped catalogue offers.
  for (const name of ['view', 'edit'])
    cluster.apply({ apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name }, rules })
  const token = cluster.tokenOf('system:serviceaccount:gitsudo:gitsudo')
  await writeFile(
    join(dir, 'kubeconfig'),
    JSON.stringify({
      contexts: [{ name: 'gitsudo@production', context: { cluster: 'p', user: 'gitsudo' } }],
      clusters: [{ name: 'p', cluster: { server: cluster.url } }],
      users: [{ name: 'gitsudo', user: { token } }],
    }),
    { mode: 0o600 },
  )
  const settings = {
    providers: {
      mock: {},
      kubernetes: {
        kubeconfig_file: join(dir, 'kubeconfig'),
        clusters: [{ name: 'production', context: 'gitsudo@production', token_namespace: 'people' }],
      },
    },
  }
  const policies = join(dir, 'policies')
  await cp(new URL('../../../policies', import.meta.url), policies, { recursive: true })
  await appendFile(
    join(policies, 'data', 'roles.yaml'),
    `  - {provider: kubernetes, role: look, scopes: [${spec.scope}], cloudRole: view, maxDuration: 4h, owners: [sre]}\n`,
  )
  const identities = join(policies, 'data', 'identities.yaml')
  const people = await readFile(identities, 'utf8')
  await writeFile(
    identities,
    people.replace('kubernetes: [alice@example.com]', 'kubernetes: ["serviceaccount:people/alice"]'),
  )
  t = await openTestWorld({ merge: 'manual', settings, template: dir })
  service = await t.start()
})
afterAll(async () => {
  await service?.stop()
  await t?.close()
  await cluster?.close()
  await rm(dir, { recursive: true, force: true })
})

const asked = { ...getPods, namespace: 'checkout' }
const alice = { user: 'system:serviceaccount:people:alice', groups: ['system:authenticated'] }
const getsIn = () => cluster.getsIn(alice, asked)

const live = async (slug: string): Promise<Asked> => {
  const request = await t.ask(slug, spec)
  await t.checked(request.head, 'action_required')
  for (const login of ['bob', 'carol'] as const) await t.people[login].review(request.number, 'APPROVE')
  await t.checked(request.head, 'success')
  expect(getsIn()).toBe(false)
  expect((await t.people.bob.merge(request.number)).status).toBe(200)
  await t.reached(request.id, 'active')
  return request
}

test('a request lets its requester into the namespace, with a token of its own, for as long as was approved', async () => {
  const request = await live('kubernetes-expires')
  expect(getsIn()).toBe(true)
  const copy = join(dir, 'copy')
  const kept = `stat -c %a "$KUBECONFIG"; echo "$KUBECONFIG"; cp "$KUBECONFIG" ${copy}`
  const ran = await t.gitsudo('alice', 'exec', request.id, '--', 'sh', '-c', kept)
  expect(ran).toMatchObject({ status: 0, stdout: expect.stringMatching(/^600\n\//) })
  await expect(readFile(ran.stdout.split('\n')[1] ?? '')).rejects.toThrow('ENOENT')
  const [kubeconfig] = loadAll(await readFile(copy, 'utf8')) as [{ users: [{ user: { token: string } }] }]
  const { token } = kubeconfig.users[0].user
  expect(cluster.getsInBy(token, asked)).toBe(true)
  expect(cluster.getsInBy(token, { ...asked, namespace: 'people' })).toBe(false)
  await t.jump(59 * 60_000)
  expect(cluster.getsInBy(token, asked)).toBe(true)
  await t.jump(61_000)
  await t.reached(request.id, 'ended')
  expect([getsIn(), cluster.getsInBy(token, asked)]).toEqual([false, false])
  expect(cluster.all('Secret')).toEqual([])
  await t.allSealed()
  const types = (await t.events(request.id)).map(({ type }) => type)
  expect(types.filter((type) => type.startsWith('grant.') || type.startsWith('credentials.'))).toEqual([
    'grant.intended',
    'grant.issued',
    'credentials.issued',
    'grant.expired',
  ])
})

test('a revocation is not done before the cluster says so, however long it is away', async () => {
  const request = await live('kubernetes-revoked')
  const heal = cluster.faults.plan({ answer: 'unavailable' })
  const revoked = t.gitsudo('alice', 'revoke', request.id)
  await t.reached(request.id, 'revoking')
  await until(
    'a try',
    async () => (await t.query('select id from grants where id = $1 and tries > 1', [request.id])).length > 0,
  )
  expect(getsIn()).toBe(true)
  heal()
  expect(await revoked).toMatchObject({ status: 0 })
  await t.reached(request.id, 'ended')
  expect(getsIn()).toBe(false)
  expect(cluster.all('RoleBinding', 'checkout')).toEqual([])
})

test('what is configured wrong is said in words, and what is there is listed', async () => {
  const request = await live('kubernetes-listed')
  const config = ['--config', t.service.config]
  const listed = await t.gitsudo('erin', 'provider', 'list', ...config)
  expect(listed).toMatchObject({ status: 0, stdout: expect.stringContaining(request.id) })
  expect(listed.stdout).toMatch(/kubernetes .*serviceaccount:people\/alice .*view .*production\/checkout/)
  expect(await t.gitsudo('erin', 'provider', 'check', ...config)).toMatchObject({ status: 0 })
  cluster.withdraw(`create rolebindings.${group}`)
  const checked = await t.gitsudo('erin', 'provider', 'check', ...config)
  cluster.giveBack(`create rolebindings.${group}`)
  expect(checked).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/kubernetes .*production: permission create rolebindings\.rbac/),
  })
})
