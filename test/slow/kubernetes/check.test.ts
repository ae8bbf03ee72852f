import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKubernetes } from '../../../app/provider/kubernetes/kubernetes.ts'
import { type RealCluster, startCluster } from '../../kubernetes/cluster.ts'
import { memoryClock } from '../../support/memory/clock.ts'

let cluster: RealCluster
beforeAll(async () => {
  cluster = await startCluster()
}, 2_400_000)
afterAll(() => cluster?.close())

test('a namespace that is not there is told, and nothing is made of what is tried in the others', async () => {
  const clock = memoryClock(Date.now())
  const token = await cluster.tokenOf('gitsudo', 'gitsudo')
  const offer = { cloudRole: 'view', scope: 'production/checkout', seconds: 3600 }
  // Who may not hand out a role is told of the namespace all the same.
  const offers = ['view', 'cluster-admin'].flatMap((cloudRole) => [
    { ...offer, cloudRole },
    { ...offer, cloudRole, scope: `production/no-${cloudRole}` },
  ])
  const provider = createKubernetes({
    clusters: [
      {
        name: 'production',
        connection: { server: cluster.server, ca: { text: cluster.ca }, token: { text: token } },
        tokens: { namespace: 'nobody', server: cluster.server },
      },
    ],
    instance: 'ours',
    clock,
    offered: async () => offers,
  })
  const call = { deadline: clock.now() + 30_000, signal: AbortSignal.timeout(30_000) }
  const found = (await provider.check(call)).filter((one) => one.includes('no namespace'))
  const missing = [
    ['roles.yaml', 'no-view'],
    ['roles.yaml', 'no-cluster-admin'],
    ['token_namespace', 'nobody'],
  ] as const
  expect(found).toEqual(
    missing.map(
      ([by, name]) => `${by}: cluster production has no namespace ${name}: make it there, or name another`,
    ),
  )
  const { items } = await cluster.admin.rbac.listNamespacedRoleBinding({ namespace: 'checkout' })
  expect(items.map(({ metadata }) => metadata?.name)).not.toContain('gitsudo-check')
})
