import { afterEach, beforeEach, expect, test } from 'vitest'
import { kubernetesWorld } from '../support/kubernetes.ts'

let w: Awaited<ReturnType<typeof kubernetesWorld>>
beforeEach(async () => {
  w = await kubernetesWorld()
})
afterEach(() => w.cluster.close())

const offer = { cloudRole: 'edit', scope: 'production/checkout', seconds: 60 }
const nowhere = 'roles.yaml: cluster production has no namespace checkuot: make it there, or name another'

test('check names each namespace that a cluster does not have, and makes nothing', async () => {
  w.offers.push(offer, { ...offer, scope: 'production/checkuot' }, { ...offer, cloudRole: 'view' })
  expect(await w.provider().check(w.call())).toEqual([nowhere])
  const tokens = { namespace: 'poeple', server: w.cluster.url }
  const found = await w.provider('ours', [{ ...w.production, tokens }]).check(w.call())
  expect(found.filter((one) => one.includes('no namespace'))).toEqual([
    nowhere,
    'token_namespace: cluster production has no namespace poeple: make it there, or name another',
  ])
  expect(w.cluster.all('RoleBinding', 'checkout')).toEqual([])
})

test('who may not try a binding of the role is told that, and of the namespace all the same', async () => {
  w.offers.push(
    { ...offer, cloudRole: 'admin' },
    { ...offer, cloudRole: 'admin', scope: 'production/checkuot' },
  )
  expect(await w.provider().check(w.call())).toEqual([
    'production: permission bind clusterroles.rbac.authorization.k8s.io/admin in checkout is missing',
    'production: permission bind clusterroles.rbac.authorization.k8s.io/admin in checkuot is missing',
    nowhere,
    expect.stringContaining('deploy/kubernetes/rbac.yaml'),
  ])
})

test('a binding of the name that is tried changes nothing', async () => {
  w.offers.push(offer)
  w.cluster.apply({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'gitsudo-check', namespace: 'checkout' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [],
  })
  expect(await w.provider().check(w.call())).toEqual([])
})

test('trouble is told as such, and not as a namespace that is missing', async () => {
  w.offers.push(offer)
  w.cluster.faults.plan({ answer: 'unavailable', on: ['POST'], about: 'gitsudo-check' })
  await expect(w.provider().check(w.call())).rejects.toMatchObject({ kind: 'unavailable' })
})
