import { writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKubernetes } from '../../../app/provider/kubernetes/kubernetes.ts'
import { type RealCluster, startCluster } from '../../kubernetes/cluster.ts'
import { kubernetesIntent, type Manifest, shipped } from '../../support/kubernetes.ts'
import { ofOurs, reap } from '../../support/reaper.ts'

/** deploy/kubernetes/reaper.yaml as it is, under its own rights, without gitsudo. */
let cluster: RealCluster
let reaper: string
beforeAll(async () => {
  cluster = await startCluster()
  await cluster.apply(shipped('reaper'))
  reaper = await cluster.kubeconfigOf('reaper', await cluster.tokenOf('gitsudo', 'gitsudo-reaper'))
}, 2_400_000)
afterAll(() => cluster?.close())

const reaped = async () => {
  const file = `${cluster.dir}/reaper.kubeconfig`
  await writeFile(file, reaper, { mode: 0o600 })
  return reap(cluster.binaries.kubectl.replace(/\/kubectl$/, ''), { HOME: cluster.dir, KUBECONFIG: file })
}

const group = 'rbac.authorization.k8s.io'
const binding = (end: string, expires: string | undefined, change: object = {}): Manifest => ({
  apiVersion: `${group}/v1`,
  kind: 'RoleBinding',
  metadata: {
    name: ofOurs(end),
    namespace: 'checkout',
    labels: { 'gitsudo.dev/request': end },
    ...(expires === undefined ? {} : { annotations: { 'gitsudo.dev/expires-at': expires } }),
    ...change,
  },
  roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'view' },
  subjects: [{ apiGroup: group, kind: 'User', name: 'alice@example.com' }],
})
const ofCluster = (made: Manifest): Manifest => ({
  ...made,
  kind: 'ClusterRoleBinding',
  metadata: { ...(made.metadata as object), namespace: undefined },
})
/** The names of all bindings. */
const all = async (): Promise<readonly (string | undefined)[]> =>
  [
    ...(await cluster.admin.rbac.listRoleBindingForAllNamespaces()).items,
    ...(await cluster.admin.rbac.listClusterRoleBinding()).items,
  ]
    .map(({ metadata }) => metadata?.name)
    .sort()
const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString()

test('takes away what is past its end or has none, here and above all namespaces, and nothing else', async () => {
  const before = await all()
  await cluster.apply([
    binding('past', inSeconds(-1)),
    binding('longpast', '2026-01-01T00:00:00Z'),
    binding('withoutannotations', undefined),
    binding('withoutend', undefined, { annotations: { other: 'x' } }),
    binding('garbled', 'never'),
    binding('far', '9999999999'),
    ofCluster(binding('wholecluster', inSeconds(-5))),
    binding('soon', inSeconds(120)),
    binding('nextyear', '2099-01-01T00:00:00Z'),
    binding('notours', inSeconds(-60), { labels: { app: 'x' } }),
  ])
  expect(await reaped()).toMatchObject({ status: 0, stderr: '' })
  const left = ['soon', 'nextyear', 'notours'].map(ofOurs)
  expect(await all()).toEqual([...before, ...left].sort())
})

test('what somebody wrote into a name or an annotation deletes no other binding', async () => {
  const others = [
    binding('other', undefined, { labels: { app: 'x' } }),
    ofCluster(binding('otherabove', undefined, { labels: { app: 'x' } })),
  ]
  const [name, above] = [ofOurs('other'), ofOurs('otherabove')]
  const lines = [
    `ClusterRoleBinding ${above} - x`,
    `ClusterRoleBinding "${above}" "-" "x"`,
    `RoleBinding "${name}" "checkout" "x"`,
    'ClusterRoleBinding cluster-admin - x',
    'rolebindings --all kube-system x',
  ]
  const written = lines.flatMap((line, index) => [
    binding(`w${index}`, `2099-01-01T00:00:00Z\n${line}\nZ`),
    binding(`n${index}`, undefined, { name: `${ofOurs(`n${index}`)}\n${line}` }),
  ])
  const spaced = [`${name} checkout`, `${name}" "checkout`, `${name}\u2028`, `${name}\u0085`, ` ${name}`]
  await cluster.apply([
    ...others,
    ...written,
    ...spaced.map((odd, index) => binding(`s${index}`, undefined, { name: odd })),
  ])
  const before = await all()
  expect(before).toEqual(expect.arrayContaining([name, above, ...spaced, 'cluster-admin']))
  expect(await reaped()).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(await all()).toEqual(before)
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
  expect((await reaped()).status).toBe(0)
  for (const intent of [past, whole])
    expect(await provider.inspect(intent, call())).toEqual({ kind: 'absent' })
  expect((await provider.inspect(live, call())).kind).toBe('present')
})

test('has nothing to do where there is nothing, and fails aloud when it may not', async () => {
  await cluster.admin.rbac.deleteCollectionNamespacedRoleBinding({
    namespace: 'checkout',
    labelSelector: 'gitsudo.dev/request',
  })
  expect(await reaped()).toEqual({ status: 0, stdout: '', stderr: '' })
  await cluster.admin.rbac.deleteClusterRoleBinding({ name: 'gitsudo-reaper' })
  await expect.poll(async () => (await reaped()).status).not.toBe(0)
  await cluster.apply(shipped('reaper'))
})
