import { appendFile, cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKubernetes } from '../../../app/provider/kubernetes/kubernetes.ts'
import type { Service } from '../../../app/sandbox/service.ts'
import { type RealCluster, startCluster } from '../../kubernetes/cluster.ts'
import { kubernetesIntent } from '../../support/kubernetes.ts'
import { openTestWorld, type TestWorld } from '../../support/world.ts'

/** The whole service on a real cluster, and people with a real kubectl. */
const scope = 'production/checkout'

let cluster: RealCluster
let t: TestWorld
let service: Service

beforeAll(async () => {
  cluster = await startCluster()
  const account = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'alice', namespace: 'people' },
  }
  await cluster.apply([account])
  const kubeconfig = join(cluster.dir, 'gitsudo.kubeconfig')
  const token = await cluster.tokenOf('gitsudo', 'gitsudo')
  await writeFile(kubeconfig, await cluster.kubeconfigOf('gitsudo', token), { mode: 0o600 })
  const template = join(cluster.dir, 'template')
  const data = join(template, 'policies', 'data')
  await cp(new URL('../../../policies', import.meta.url), join(template, 'policies'), { recursive: true })
  await appendFile(
    join(data, 'roles.yaml'),
    `  - {provider: kubernetes, role: look, scopes: [${scope}], cloudRole: view, maxDuration: 4h, owners: [sre]}\n`,
  )
  const people = await readFile(join(data, 'identities.yaml'), 'utf8')
  const identities = people.replace(
    'kubernetes: [alice@example.com]',
    'kubernetes: ["serviceaccount:people/alice"]',
  )
  await writeFile(join(data, 'identities.yaml'), identities)
  const providers = {
    mock: {},
    kubernetes: {
      kubeconfig_file: kubeconfig,
      clusters: [{ name: 'production', token_namespace: 'people' }],
    },
  }
  t = await openTestWorld({ merge: 'manual', settings: { providers }, template })
  service = await t.start()
}, 2_400_000)
afterAll(async () => {
  await service?.stop()
  await t?.close()
  await cluster?.close()
})

const live = async (slug: string) => {
  const request = await t.ask(slug, { provider: 'kubernetes', role: 'look', scope, duration: '1h' })
  await t.checked(request.head, 'action_required')
  for (const login of ['bob', 'carol'] as const) await t.people[login].review(request.number, 'APPROVE')
  await t.checked(request.head, 'success')
  expect((await t.people.bob.merge(request.number)).status).toBe(200)
  await t.reached(request.id, 'active')
  return request
}
const pods = ['get', 'pods', '--namespace=checkout']

test('gitsudo exec runs kubectl with a token that gains and loses access', async () => {
  const request = await live('real-exec')
  const kubectl = [cluster.binaries.kubectl, `--cache-dir=${cluster.dir}`]
  const looked = await t.gitsudo('alice', 'exec', request.id, '--', ...kubectl, ...pods)
  expect(looked).toMatchObject({ status: 0, stderr: expect.stringContaining('No resources found') })
  const secrets = await t.gitsudo('alice', 'exec', request.id, '--', ...kubectl, 'get', 'secrets')
  expect(secrets).toMatchObject({ status: 1, stderr: expect.stringContaining('forbidden') })
  // A copy that somebody keeps is worth nothing afterwards.
  const copied = await t.gitsudo('alice', 'exec', request.id, '--', 'sh', '-c', 'cat "$KUBECONFIG"')
  expect((await cluster.kubectl(copied.stdout, ...pods)).status).toBe(0)
  expect(await t.gitsudo('alice', 'revoke', request.id)).toMatchObject({ status: 0 })
  await t.reached(request.id, 'ended')
  await expect
    .poll(async () => (await cluster.kubectl(copied.stdout, ...pods)).stderr)
    .toMatch(/Unauthorized|logged in/)
  const late = await t.gitsudo('alice', 'exec', request.id, '--', ...kubectl, ...pods)
  expect(late).toMatchObject({ status: 1, stderr: expect.stringContaining('not active') })
})

/** The provider alone, over TLS. */
const ours = async (ca: { readonly ca?: { readonly text: string } } = { ca: { text: cluster.ca } }) => {
  const token = { text: await cluster.tokenOf('gitsudo', 'gitsudo') }
  return createKubernetes({
    clusters: [{ name: 'production', connection: { server: cluster.server, token, ...ca } }],
    instance: 'ours',
    clock: { now: () => Date.now() },
    offered: async () => [],
  })
}
const call = () => ({ deadline: Date.now() + 10_000, signal: AbortSignal.timeout(10_000) })

test('whoever acts as himself gains access with his own token, and loses it', async () => {
  const provider = await ours()
  const alice = await cluster.kubeconfigOf('alice', cluster.tokens.alice)
  const looks = () => cluster.kubectl(alice, ...pods)
  const denied = { status: 1, stderr: expect.stringContaining('User "alice@example.com" cannot list') }
  const intent = kubernetesIntent(1, Date.now(), { principal: 'alice@example.com' })
  expect(await looks()).toMatchObject(denied)
  await provider.ensure(intent, call())
  // The SubjectAccessReview has said so already: nobody has to try again.
  expect(await looks()).toMatchObject({ status: 0 })
  const { items } = await cluster.admin.rbac.listNamespacedRoleBinding({ namespace: 'checkout' })
  expect(items.map(({ metadata }) => metadata?.managedFields?.[0]?.manager)).toEqual(['gitsudo'])
  expect(await provider.remove(intent, call())).toBe('absent')
  await expect.poll(looks).toMatchObject(denied)
})

test('what stands under our name goes first, if it is still the one that was seen', async () => {
  const provider = await ours()
  const intent = kubernetesIntent(7, Date.now())
  const [scope, namespace = '', name = ''] = provider.bindingKey(intent).split('/')
  const zoe = { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'zoe' }
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' }
  const theirs = { metadata: { name }, roleRef, subjects: [zoe] }
  await cluster.admin.rbac.createNamespacedRoleBinding({ namespace, body: theirs })
  expect(await provider.inspect(intent, call())).toMatchObject({ differs: 'zoe has edit' })
  expect(await provider.ensure(intent, call())).toEqual({
    kind: 'present',
    handle: `${scope}/${namespace}/${name}`,
    expiresAt: intent.endsAt,
  })
  expect(await provider.remove(intent, call())).toBe('absent')
})

test('a role that gitsudo may not bind is refused by the cluster, and a server that is not vouched for is not asked', async () => {
  const admin = kubernetesIntent(1, Date.now(), { cloudRole: 'cluster-admin' })
  await expect((await ours()).ensure(admin, call())).rejects.toMatchObject({
    kind: 'forbidden',
    message: expect.stringContaining('permission bind on this role is missing'),
  })
  await expect((await ours({})).inspect(admin, call())).rejects.toMatchObject({ kind: 'unavailable' })
})
