import { describe, expect, test } from 'vitest'
import { azurePrincipal, azureScope } from '../../app/grant/grantable/azure.ts'
import { gcpMember } from '../../app/grant/grantable/gcp.ts'
import { kubernetesPlace, kubernetesRole, kubernetesSubject } from '../../app/grant/grantable/kubernetes.ts'
import { refusals } from '../../app/grant/grantable.ts'

const good = {
  principal: 'user:alice@example.com',
  cloudRole: 'roles/compute.viewer',
  scope: 'projects/example-prod',
}

describe('Google Cloud', () => {
  test.each([
    {},
    { principal: 'Alice@Example.com' },
    { principal: 'serviceAccount:ci@example-prod.iam.gserviceaccount.com' },
    {
      principal:
        'principal://iam.googleapis.com/locations/global/workforcePools/acme-staff/subject/alice@acme.example',
    },
    { scope: 'projects/123456789012' },
    { scope: 'projects/example.com:old-project' },
    { scope: 'folders/123456789012' },
    { scope: 'organizations/123456789012' },
    { cloudRole: 'roles/compute.instanceAdmin.v1' },
    { cloudRole: 'roles/browser' },
    { cloudRole: 'projects/example-prod/roles/on_call.v2' },
    { cloudRole: 'projects/123456789012/roles/onCall' },
    { cloudRole: 'organizations/42/roles/onCall' },
    { cloudRole: 'organizations/42/roles/onCall', scope: 'organizations/42' },
    { cloudRole: 'organizations/42/roles/onCall', scope: 'folders/7' },
  ])('may grant %j', (change) => {
    expect(refusals('gcp', { ...good, ...change })).toEqual([])
  })

  test.each([
    [{ cloudRole: 'roles/owner' }, /basic role/],
    [{ cloudRole: 'roles/editor' }, /basic role/],
    [{ cloudRole: 'roles/viewer' }, /basic role/],
    [{ cloudRole: 'compute.viewer' }, /names no role/],
    [{ cloudRole: 'roles/compute.viewer\nroles/owner' }, /names no role/],
    [{ cloudRole: 'roles/../../owner' }, /names no role/],
    [{ cloudRole: 'projects/example-prod/roles/on-call' }, /names no role/],
    [{ cloudRole: '' }, /names no role/],
    [{ cloudRole: 'projects/other-project/roles/onCall' }, /cannot be granted on projects\/example-prod/],
    [{ cloudRole: 'projects/example-prod/roles/onCall', scope: 'folders/7' }, /cannot be granted on folders/],
    [{ cloudRole: 'organizations/42/roles/onCall', scope: 'organizations/43' }, /cannot be granted on org/],
    [{ scope: 'example-prod' }, /names no project/],
    [{ scope: 'projects/Example-Prod' }, /names no project/],
    [{ scope: 'projects/example-prod:setIamPolicy' }, /names no project/],
    [{ scope: 'projects/example-prod/../other-prod' }, /names no project/],
    [{ scope: 'projects/example-prod?x=1' }, /names no project/],
    [{ scope: 'folders/acme' }, /names no project/],
    [{ scope: 'organizations/acme.example' }, /names no project/],
    [{ scope: 'billingAccounts/012345-567890-ABCDEF' }, /names no project/],
    [{ principal: 'group:sre@example.com' }, /is not one/],
    [{ principal: 'domain:example.com' }, /is not one/],
    [{ principal: 'allUsers' }, /is not one/],
    [{ principal: 'allAuthenticatedUsers' }, /is not one/],
    [{ principal: 'deleted:user:alice@example.com?uid=1' }, /is not one/],
    [{ principal: 'principalSet://iam.googleapis.com/locations/global/workforcePools/acme/*' }, /is not one/],
    [{ principal: 'alice' }, /is not one/],
  ])('refuses %j', (change, says) => {
    expect(refusals('gcp', { ...good, ...change })).toMatchObject([{ had: expect.stringMatching(says) }])
  })

  test('names everything at once', () => {
    expect(refusals('gcp', { principal: 'x', cloudRole: 'y', scope: 'z' })).toHaveLength(3)
  })

  test('writes members as policies show them', () => {
    expect(gcpMember('Alice@Example.COM')).toBe('user:alice@example.com')
    expect(gcpMember('serviceAccount:CI@p.iam.gserviceaccount.com')).toBe(
      'serviceAccount:ci@p.iam.gserviceaccount.com',
    )
  })
})

describe('Kubernetes', () => {
  const alice = { principal: 'alice@example.com', cloudRole: 'edit', scope: 'production/checkout' }
  const long = 'a'.repeat(63)

  test.each([
    {},
    { scope: 'production' },
    { scope: `${long}/${long}` },
    { scope: '1/2' },
    { cloudRole: 'Role/deployer' },
    { cloudRole: 'ClusterRole/edit' },
    { cloudRole: 'system:aggregate-to-edit' },
    { cloudRole: `r${'x'.repeat(252)}` },
    { principal: 'user:alice' },
    { principal: 'https://login.acme.example#alice' },
    { principal: 'serviceaccount:people/alice.b' },
    { principal: 'system:serviceaccount:people:alice' },
  ])('may grant %j', (change) => {
    expect(refusals('kubernetes', { ...alice, ...change })).toEqual([])
  })

  test.each([
    [{ scope: '' }, /names no cluster/],
    [{ scope: 'Production' }, /names no cluster/],
    [{ scope: 'production/' }, /names no cluster/],
    [{ scope: '/checkout' }, /names no cluster/],
    [{ scope: 'production/checkout/web' }, /names no cluster/],
    [{ scope: 'production/check_out' }, /names no cluster/],
    [{ scope: 'production/-checkout' }, /names no cluster/],
    [{ scope: 'production/checkout?dryRun=All' }, /names no cluster/],
    [{ scope: 'production/checkout\n' }, /names no cluster/],
    [{ scope: `production/${long}a` }, /names no cluster/],
    [{ scope: '*' }, /names no cluster/],
    [{ cloudRole: '' }, /names no role/],
    [{ cloudRole: '..' }, /names no role/],
    [{ cloudRole: 'edit/../admin' }, /names no role/],
    [{ cloudRole: 'edit\nadmin' }, /names no role/],
    [{ cloudRole: 'edit%2Fadmin' }, /names no role/],
    [{ cloudRole: 'Group/edit' }, /names no role/],
    [{ cloudRole: '*' }, /names no role/],
    [{ cloudRole: 'Role/deployer', scope: 'production' }, /holds in its namespace only/],
    [{ principal: '' }, /is not one/],
    [{ principal: 'alice bob' }, /is not one/],
    [{ principal: 'alice\u202e' }, /is not one/],
    [{ principal: 'group:sre' }, /is not one/],
    [{ principal: 'system:masters' }, /is not one/],
    [{ principal: 'user:system:anonymous' }, /is not one/],
    [{ principal: 'user:group:sre' }, /is not one/],
    [{ principal: 'serviceaccount:people' }, /is not one/],
    [{ principal: 'serviceaccount:people/Alice' }, /is not one/],
    [{ principal: 'serviceaccount:People/alice' }, /is not one/],
    [{ principal: 'system:serviceaccount:people:' }, /is not one/],
    [{ principal: 'a'.repeat(257) }, /is not one/],
  ])('refuses %j', (change, says) => {
    expect(refusals('kubernetes', { ...alice, ...change })).toMatchObject([
      { had: expect.stringMatching(says) },
    ])
  })

  test('reads places, roles and people as they are meant', () => {
    expect(kubernetesPlace('home')).toEqual({ cluster: 'home' })
    expect(kubernetesPlace('home/web')).toEqual({ cluster: 'home', namespace: 'web' })
    expect(kubernetesRole('edit')).toEqual({ kind: 'ClusterRole', name: 'edit' })
    expect(kubernetesRole('Role/edit')).toEqual({ kind: 'Role', name: 'edit' })
    expect(kubernetesSubject('user:oidc:alice')).toEqual({ kind: 'User', name: 'oidc:alice' })
    const account = { kind: 'ServiceAccount', namespace: 'people', name: 'alice' }
    expect(kubernetesSubject('serviceaccount:people/alice')).toEqual(account)
    expect(kubernetesSubject('system:serviceaccount:people:alice')).toEqual(account)
  })
})

describe('Azure', () => {
  const id = '4c1d7d1e-0b8f-4b53-9d0a-000000001001'
  const subscription = '/subscriptions/8b9f6c1e-3c55-4a1e-9f6e-0a4f1f0c2d11'
  const group = `${subscription}/resourceGroups/Checkout_(prod)`
  const vault = `${group}/providers/Microsoft.KeyVault/vaults/keys`
  const good = { principal: id, cloudRole: 'Contributor', scope: subscription }

  test.each([
    {},
    { principal: `user:${id}` },
    { principal: `servicePrincipal:${id}` },
    { scope: '8b9f6c1e-3c55-4a1e-9f6e-0a4f1f0c2d11' },
    { scope: '/providers/Microsoft.Management/managementGroups/acme' },
    { scope: group },
    { scope: vault },
    { scope: `${vault}/secrets/root` },
    { cloudRole: 'b24988ac-6180-42a0-ab88-20f7382dd24c' },
    { cloudRole: 'Key Vault Secrets User' },
    { cloudRole: 'On call (prod), level 2' },
  ])('may grant %j', (change) => {
    expect(refusals('azure', { ...good, ...change })).toEqual([])
  })

  test.each([
    [{ cloudRole: '' }, /names no role/],
    [{ cloudRole: "Reader' or roleName eq 'Owner" }, /names no role/],
    [{ cloudRole: 'Reader\nOwner' }, /names no role/],
    [{ cloudRole: 'r'.repeat(513) }, /names no role/],
    [{ scope: '/' }, /names none of them/],
    [{ scope: 'example-prod' }, /names none of them/],
    [{ scope: `${subscription}/` }, /names none of them/],
    [{ scope: `${subscription}/../8b9f6c1e-3c55-4a1e-9f6e-0a4f1f0c2d12` }, /names none of them/],
    [{ scope: `${subscription}?api-version=1` }, /names none of them/],
    [{ scope: `${subscription}/resourceGroups/prod.` }, /names none of them/],
    [{ scope: `${group}/providers/Microsoft.KeyVault/vaults/..` }, /names none of them/],
    [{ scope: `${group}/providers/Microsoft.KeyVault/vaults` }, /names none of them/],
    [{ scope: '/providers/Microsoft.Management/managementGroups/a/b' }, /names none of them/],
    [{ principal: 'alice@example.com' }, /is not one/],
    [{ principal: `group:${id}` }, /is not one/],
    [{ principal: '' }, /is not one/],
  ])('refuses %j', (change, says) => {
    expect(refusals('azure', { ...good, ...change })).toMatchObject([{ had: expect.stringMatching(says) }])
  })

  test.each([299, 300, 359])('PIM gives nothing for %i s: some go by before it is asked', (seconds) => {
    const short = { ...good, seconds }
    expect(refusals('azure', short, { azure: { mode: 'pim' } })).toMatchObject([
      { needed: 'at least 6m', had: expect.stringMatching(/ is too short: /), remedy: 'ask for 6m' },
    ])
    expect(refusals('azure', { ...good, seconds: 360 }, { azure: { mode: 'pim' } })).toEqual([])
    expect(refusals('azure', short, { azure: { mode: 'role_assignment' } })).toEqual([])
  })

  test('writes scopes and principals as Azure compares them', () => {
    expect(azureScope('8B9F6C1E-3C55-4A1E-9F6E-0A4F1F0C2D11')).toBe(subscription)
    expect(azureScope(group)).toBe(`${subscription}/resourcegroups/checkout_(prod)`)
    expect(azurePrincipal(`ServicePrincipal:${id.toUpperCase()}`)).toEqual({ id, type: 'ServicePrincipal' })
  })
})

test('providers without such limits refuse nothing here', () => {
  expect(refusals('mock', { principal: '', cloudRole: '', scope: '' })).toEqual([])
})
