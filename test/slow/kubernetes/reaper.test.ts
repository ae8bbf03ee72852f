import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKubernetes } from '../../../app/provider/kubernetes/kubernetes.ts'
import { run } from '../../../app/sandbox/run.ts'
import { type RealCluster, startCluster } from '../../kubernetes/cluster.ts'
import { kubernetesIntent, type Manifest, shipped } from '../../support/kubernetes.ts'

/** deploy/kubernetes/reaper.yaml as it is, under its own rights, without gitsudo. */
let cluster: RealCluster
let reaper: string
beforeAll(async () => {
  cluster = await startCluster()
  await cluster.apply(shipped('reaper'))
  reaper = await cluster.kubeconfigOf('reaper', await cluster.tokenOf('gitsudo', 'gitsudo-reaper'))
}, 2_400_000)
afterAll(() => cluster?.close())

type Container = { readonly command: readonly string[]; readonly args: readonly string[] }
const container = (): Container => {
  const job = shipped('reaper').find(({ kind }) => kind === 'CronJob')
  const { spec } = job as unknown as {
    readonly spec: {
      readonly jobTemplate: {
        readonly spec: { readonly template: { readonly spec: { readonly containers: readonly Container[] } } }
      }
    }
  }
  const [found] = spec.jobTemplate.spec.template.spec.containers
  if (found === undefined) throw new Error('the reaper has no container')
  return found
}
const reap = async () => {
  const { command, args } = container()
  const [shell = '', ...options] = command
  const file = `${cluster.dir}/reaper.kubeconfig`
  await writeFile(file, reaper, { mode: 0o600 })
  const bin = cluster.binaries.kubectl.replace(/\/kubectl$/, '')
  return run(shell, [...options, ...args], {
    env: { PATH: `${bin}:${process.env.PATH}`, HOME: cluster.dir, KUBECONFIG: file },
  })
}

const group = 'rbac.authorization.k8s.io'
const binding = (name: string, expires: string | undefined, change: object = {}): Manifest => ({
  apiVersion: `${group}/v1`,
  kind: 'RoleBinding',
  metadata: {
    name,
    namespace: 'checkout',
    labels: { 'gitsudo.dev/request': name },
    ...(expires === undefined ? {} : { annotations: { 'gitsudo.dev/expires-at': expires } }),
    ...change,
  },
  roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'view' },
  subjects: [{ apiGroup: group, kind: 'User', name: 'alice@example.com' }],
})
const left = async (): Promise<readonly string[]> => {
  const all = [
    ...(await cluster.admin.rbac.listRoleBindingForAllNamespaces()).items,
    ...(await cluster.admin.rbac.listClusterRoleBinding()).items,
  ]
  return all.flatMap(({ metadata }) => (metadata?.name?.startsWith('t-') ? [metadata.name] : [])).sort()
}
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()

test('takes away what is past its end or has none, here and above all namespaces, and nothing else', async () => {
  const whole = binding('t-whole-cluster', inSeconds(-5))
  await cluster.apply([
    binding('t-past', inSeconds(-1)),
    binding('t-long-past', '2026-01-01T00:00:00Z'),
    binding('t-without-annotations', undefined),
    binding('t-without-end', undefined, { annotations: { other: 'x' } }),
    binding('t-garbled', 'never'),
    binding('t-far', '9999999999'),
    {
      ...whole,
      kind: 'ClusterRoleBinding',
      metadata: { ...(whole.metadata as object), namespace: undefined },
    },
    binding('t-soon', inSeconds(120)),
    binding('t-next-year', '2099-01-01T00:00:00Z'),
    binding('t-not-ours', inSeconds(-60), { labels: { app: 'x' } }),
  ])
  const ran = await reap()
  expect(ran).toMatchObject({ status: 0, stderr: '' })
  expect(await left()).toEqual(['t-next-year', 't-not-ours', 't-soon'])
  expect((await cluster.admin.rbac.listClusterRoleBinding()).items.length).toBeGreaterThan(10)
})

test('takes away what the provider made, once its time has passed', async () => {
  let now = Date.now() - 7_200_000
  const provider = createKubernetes({
    clusters: [
      {
        name: 'production',
        connection: {
          server: cluster.server,
          ca: { text: cluster.ca },
          token: { text: await cluster.tokenOf('gitsudo', 'gitsudo') },
        },
      },
    ],
    instance: 'ours',
    clock: { now: () => now },
    offered: async () => [],
  })
  const call = () => ({ deadline: now + 10_000, signal: AbortSignal.timeout(10_000) })
  const [past, whole] = [kubernetesIntent(1, now), kubernetesIntent(2, now, { scope: 'production' })]
  for (const intent of [past, whole]) await provider.ensure(intent, call())
  now = Date.now()
  const live = kubernetesIntent(3, now)
  await provider.ensure(live, call())
  expect((await reap()).status).toBe(0)
  for (const intent of [past, whole])
    expect(await provider.inspect(intent, call())).toEqual({ kind: 'absent' })
  expect((await provider.inspect(live, call())).kind).toBe('present')
})

test('has nothing to do where there is nothing, and fails aloud when it may not', async () => {
  await cluster.admin.rbac.deleteCollectionNamespacedRoleBinding({
    namespace: 'checkout',
    labelSelector: 'gitsudo.dev/request',
  })
  expect(await reap()).toEqual({ status: 0, stdout: '', stderr: '' })
  await cluster.admin.rbac.deleteClusterRoleBinding({ name: 'gitsudo-reaper' })
  await expect.poll(async () => (await reap()).status).not.toBe(0)
  await cluster.apply(shipped('reaper'))
})
