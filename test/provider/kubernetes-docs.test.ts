import { readFileSync } from 'node:fs'
import { load } from 'js-yaml'
import { expect, test } from 'vitest'
import { kubernetesWorld, shipped } from '../support/kubernetes.ts'

const page = readFileSync(new URL('../../docs/providers/kubernetes.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, text]) => load(text ?? ''))

test.each(['rbac', 'tokens'] as const)('docs/providers/kubernetes.md shows the rules of %s.yaml', (name) => {
  const rules = shipped(name).flatMap((object) => (object.rules === undefined ? [] : [object.rules]))
  expect(blocks).toContainEqual({ rules: rules[0] })
})

test('with what we ship, check finds nothing missing; without one of it, it says which', async () => {
  const w = await kubernetesWorld()
  const provider = w.provider('ours', [w.withTokens])
  const offer = { cloudRole: 'edit', scope: 'production/checkout', seconds: 60 }
  w.offers.push(offer)
  expect(await provider.check(w.call())).toEqual([])
  w.cluster.edit('Role', 'people', 'gitsudo-tokens', () => undefined)
  expect(await provider.check(w.call())).toEqual([
    'production: permission create secrets in people is missing',
    'production: permission delete secrets in people is missing',
    'production: permission create serviceaccounts/token in people is missing',
    expect.stringContaining('deploy/kubernetes/rbac.yaml'),
  ])
  w.cluster.edit('ClusterRoleBinding', undefined, 'gitsudo', () => undefined)
  expect(await provider.check(w.call())).toHaveLength(15)
  await w.cluster.close()
})

test('check names what the catalogue offers and the cluster does not let gitsudo hand out', async () => {
  const w = await kubernetesWorld()
  const offer = { cloudRole: 'edit', scope: 'production/checkout', seconds: 60 }
  w.offers.push(
    { ...offer, cloudRole: 'admin' },
    { ...offer, scope: 'staging' },
    { ...offer, cloudRole: 'Role/edit', scope: 'production' },
  )
  expect(await w.provider().check(w.call())).toEqual([
    'production: permission bind clusterroles.rbac.authorization.k8s.io/admin in checkout is missing',
    expect.stringMatching(/^roles\.yaml: cluster staging is not configured/),
    expect.stringMatching(/^roles\.yaml: .*Role/),
    expect.stringContaining('deploy/kubernetes/rbac.yaml'),
  ])
  await w.cluster.close()
})

test('its binding is the one that is made', async () => {
  const w = await kubernetesWorld()
  const intent = w.intent(1, { principal: 'alice@example.com', cloudRole: 'edit' })
  await w.provider().ensure(intent, w.call())
  const [made] = w.cluster.all('RoleBinding', 'checkout')
  const shape = (value: unknown) =>
    JSON.parse(JSON.stringify(value), (key, inner) => (key === 'name' ? '' : inner))
  const { metadata, ...shown } = shape(blocks[0])
  expect(shape(made)).toMatchObject(shown)
  expect(Object.keys(made?.metadata.labels ?? {})).toEqual(Object.keys(metadata.labels))
  expect(Object.keys(made?.metadata.annotations ?? {})).toEqual(Object.keys(metadata.annotations))
  expect(made?.metadata.managedFields).toEqual([{ manager: 'gitsudo', operation: 'Update' }])
  await w.cluster.close()
})
