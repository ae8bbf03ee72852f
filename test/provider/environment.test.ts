import { expect, test } from 'vitest'
import type { Intent } from '../../app/grant/intent.ts'
import type { Provider } from '../../app/provider/port.ts'
import { account } from '../support/aws.ts'
import { azureWorld } from '../support/azure.ts'
import { gcpWorld } from '../support/gcp.ts'
import { identityCenterWorld, permissionSet } from '../support/identity-center.ts'
import { kubernetesWorld } from '../support/kubernetes.ts'

type Row = readonly [Partial<Intent>, Readonly<Record<string, string>> | undefined]
const told = (
  provider: Provider,
  intent: (number: number, change: Partial<Intent>) => Intent,
  rows: readonly Row[],
) => {
  for (const [change, expected] of rows) expect(provider.environment?.(intent(1, change))).toEqual(expected)
}

test('gcloud and Google’s libraries are told project and account', async () => {
  const w = await gcpWorld()
  const project = { GOOGLE_CLOUD_PROJECT: 'shop-prod', CLOUDSDK_CORE_PROJECT: 'shop-prod' }
  const account = { CLOUDSDK_CORE_ACCOUNT: 'alice@example.com' }
  const federated = 'principal://iam.googleapis.com/locations/global/workforcePools/acme/subject/alice'
  told(w.provider(), w.intent, [
    [
      { scope: 'projects/shop-prod', principal: 'user:Alice@example.com' },
      { ...project, ...account },
    ],
    [{ scope: 'projects/shop-prod', principal: federated }, project],
    [
      { scope: 'projects/shop-prod', principal: 'serviceAccount:robot@shop-prod.iam.gserviceaccount.com' },
      project,
    ],
    [{ scope: 'folders/42', principal: 'alice@example.com' }, account],
    [{ scope: 'organizations/42', principal: federated }, {}],
  ])
  await w.gcp.close()
})

test('az is told its resource group, and what to write as --subscription', async () => {
  const w = await azureWorld('role_assignment')
  const id = '8b9f6c1e-3c55-4a1e-9f6e-0a4f1f0c2d11'
  const subscription = { AZURE_SUBSCRIPTION_ID: id }
  const group = { ...subscription, AZURE_DEFAULTS_GROUP: 'Checkout.1' }
  told(w.provider(), w.intent, [
    [{ scope: id }, subscription],
    [{ scope: `/subscriptions/${id}` }, subscription],
    [{ scope: `/subscriptions/${id}/resourceGroups/Checkout.1` }, group],
    [{ scope: `/Subscriptions/${id}/resourcegroups/Checkout.1/providers/Microsoft.Web/sites/a` }, group],
    [{ scope: '/providers/Microsoft.Management/managementGroups/acme' }, {}],
  ])
  await w.azure.close()
})

test('under Identity Center whoever signs in is told account and permission set, and keeps his region', async () => {
  const w = await identityCenterWorld()
  told(w.provider(), w.intent, [
    [{}, { GITSUDO_AWS_ACCOUNT: account, GITSUDO_AWS_PERMISSION_SET: permissionSet }],
  ])
  await w.aws.close()
})

test('in Kubernetes whoever has no token is told role and namespace', async () => {
  const w = await kubernetesWorld()
  const own = { principal: 'alice@example.com', cloudRole: 'edit' }
  told(w.provider('ours', [w.withTokens]), w.intent, [
    [
      { ...own, scope: 'production/checkout' },
      { GITSUDO_K8S_ROLE: 'edit', GITSUDO_K8S_NAMESPACE: 'checkout' },
    ],
    [{ ...own, scope: 'production' }, { GITSUDO_K8S_ROLE: 'edit' }],
    [{ principal: 'serviceaccount:people/alice', scope: 'production/checkout' }, undefined],
  ])
  await w.cluster.close()
})
