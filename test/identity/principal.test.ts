import { describe, expect, test } from 'vitest'
import { azurePrincipal } from '../../app/grant/grantable/azure.ts'
import { gcpMember } from '../../app/grant/grantable/gcp.ts'
import { kubernetesSubject } from '../../app/grant/grantable/kubernetes.ts'
import { canonicalPrincipal } from '../../app/identity/principal.ts'
import type { ProviderName } from '../../app/request/request.ts'
import { faultsOf, good, read } from './data-files.ts'

const id = '4c1d7d1e-0b8f-4b53-9d0a-0000000010ab'
const pool = 'principal://iam.googleapis.com/locations/global/workforcePools/acme-staff/subject'

/** Spellings of one principal each. */
const same: readonly (readonly [ProviderName, readonly string[]])[] = [
  ['azure', [id, id.toUpperCase(), `user:${id}`, `User:${id}`]],
  ['azure', [`servicePrincipal:${id}`, `serviceprincipal:${id.toUpperCase()}`]],
  ['gcp', ['alice@example.com', 'Alice@Example.COM', 'user:alice@example.com', 'user:ALICE@example.com']],
  ['gcp', ['serviceAccount:ci@p.iam.gserviceaccount.com', 'serviceAccount:CI@p.iam.gserviceaccount.com']],
  ['gcp', [`${pool}/alice`]],
  ['kubernetes', ['alice@example.com', 'user:alice@example.com']],
  ['kubernetes', ['user:oidc:alice', 'oidc:alice']],
  ['kubernetes', ['serviceaccount:people/alice', 'system:serviceaccount:people:alice']],
]

/** What a cloud takes a principal for. */
const inCloud: Partial<Record<ProviderName, (principal: string) => unknown>> = {
  azure: azurePrincipal,
  gcp: gcpMember,
  kubernetes: kubernetesSubject,
}

describe('a principal has one canonical form, however it is written', () => {
  test.each(same)('%s: %j', (provider, spellings) => {
    const forms = new Set(spellings.map((one) => canonicalPrincipal(provider, one)))
    expect([...forms]).toHaveLength(1)
    const meant = new Set(spellings.map((one) => JSON.stringify(inCloud[provider]?.(one))))
    expect([...meant]).toEqual([expect.any(String)])
  })

  test('and no other principal has it', () => {
    const forms = same.map(([provider, [first = '']]) => `${provider} ${canonicalPrincipal(provider, first)}`)
    // One object id is one object, whatever type is named beside it.
    expect(new Set(forms).size).toBe(same.length - 1)
  })

  test('a user’s name that only looks like another spelling is kept', () => {
    expect(canonicalPrincipal('kubernetes', 'user:user:alice')).toBe('user:alice')
    expect(canonicalPrincipal('mock', 'user:alice')).toBe('user:alice')
    expect(canonicalPrincipal('aws', 'user:alice')).toBe('user:alice')
  })
})

test.each(same.flatMap(([provider, [first = '', ...rest]]) => rest.map((other) => [provider, first, other])))(
  '2.7 %s: %s of one person is no other’s %s',
  (provider, first, other) => {
    const alices = `aws: [alice], ${provider}: ["${first}"]`
    const text = good.identities.replace('aws: [alice]', alices)
    const reading = read({
      identities: () => text.replace('mock: [bob]', `mock: [bob], ${provider}: ["${other}"]`),
    })
    expect(reading).toMatchObject({
      ok: false,
      faults: [
        { code: 'duplicate', message: `the ${provider} principal ${other} is alice's too, on line 10` },
      ],
    })
  },
)

test('one person may be written in several ways', () => {
  expect(faultsOf('identities', 'aws: [alice]', `azure: ["${id}", "user:${id}"]`)).toEqual([])
})
