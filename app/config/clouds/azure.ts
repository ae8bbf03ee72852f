import { z } from 'zod'
import { about } from '../about.ts'
import type { ConfigFault } from '../fault.ts'

const key = 'providers.azure'

const guid = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'must be a GUID')
  .optional()

const address = z.url({ protocol: /^https$/, error: 'must be an https address' })

/** Azure's section, with jitsudo's names where it has them. */
export const azureSchema = z
  .strictObject({
    mode: z
      .enum(['role_assignment', 'pim'])
      .default('role_assignment')
      .meta(
        about(
          'How access is given: `role_assignment` or `pim` (Privileged Identity Management).',
          'role_assignment',
          { env: 'GITSUDO_AZURE_MODE' },
        ),
      ),
    credentials_source: z
      .enum(['workload_identity', 'managed_identity', 'client_secret'])
      .default('workload_identity')
      .meta(
        about(
          'How gitsudo proves who it is: `workload_identity` (a token in `federated_token_file`), `managed_identity` (of the machine) or `client_secret`.',
          'workload_identity',
          { env: 'GITSUDO_AZURE_CREDENTIALS_SOURCE' },
        ),
      ),
    tenant_id: guid.meta(
      about('The Entra tenant.', '72f988bf-86f1-41af-91ab-2d7cd011db47', { env: 'GITSUDO_AZURE_TENANT_ID' }),
    ),
    client_id: guid.meta(
      about(
        'The application or user-assigned managed identity that gitsudo is.',
        '3b1f7a52-6c1e-4f0e-9c55-0e6f4bb1a001',
        { env: 'GITSUDO_AZURE_CLIENT_ID' },
      ),
    ),
    client_secret_file: z
      .string()
      .min(1)
      .optional()
      .meta(
        about('A file that holds the application’s client secret.', '/run/secrets/azure-client-secret', {
          env: 'GITSUDO_AZURE_CLIENT_SECRET_FILE',
        }),
      ),
    federated_token_file: z
      .string()
      .min(1)
      .optional()
      .meta(
        about(
          'The token that Entra exchanges for `workload_identity`, read afresh each time; AKS sets the variable.',
          '/var/run/secrets/azure/tokens/azure-identity-token',
          { env: 'AZURE_FEDERATED_TOKEN_FILE' },
        ),
      ),
    authority_host: address.default('https://login.microsoftonline.com').meta(
      about(
        'Where Entra gives out tokens, in another cloud than the public one.',
        'https://login.microsoftonline.us',
        {
          env: 'GITSUDO_AZURE_AUTHORITY_HOST',
        },
      ),
    ),
    base_url: address.default('https://management.azure.com').meta(
      about(
        'The Resource Manager API’s address, in another cloud than the public one.',
        'https://management.usgovcloudapi.net',
        {
          env: 'GITSUDO_AZURE_BASE_URL',
        },
      ),
    ),
  })
  .meta(about('Azure (docs/providers/azure.md).', '{tenant_id: 72f988bf-…, client_id: 3b1f7a52-…}'))

type Section = z.output<typeof azureSchema>

/** The section once read. Addresses are without a trailing slash. */
export type AzureSettings = {
  readonly mode: Section['mode']
  readonly credentialsSource: Section['credentials_source']
  readonly tenantId?: string
  readonly clientId?: string
  readonly clientSecret?: string
  readonly federatedTokenFile?: string
  readonly authorityHost: string
  readonly baseUrl: string
}

/** What each source of credentials cannot do without, and how to give it. */
const needs = {
  workload_identity: {
    tenant_id: 'name the tenant',
    client_id: 'name the application or managed identity',
    federated_token_file: 'name the file, or let AKS set AZURE_FEDERATED_TOKEN_FILE',
  },
  managed_identity: {},
  client_secret: { tenant_id: 'name the tenant', client_id: 'name the application' },
} as const satisfies Record<Section['credentials_source'], Partial<Record<keyof Section, string>>>

/** What must agree between the section and its secret; the secret is in none of the faults. */
export const azureFaults = (section: Section, secret: string | undefined): readonly ConfigFault[] => {
  const source = section.credentials_source
  const faults: ConfigFault[] = Object.entries(needs[source])
    .filter(([name]) => section[name as keyof Section] === undefined)
    .map(([name, remedy]) => ({ key: `${key}.${name}`, message: `is missing: ${source} needs it`, remedy }))
  if (source === 'client_secret' && secret === undefined)
    faults.push({
      key: `${key}.client_secret_file`,
      message: 'is missing: client_secret needs it',
      remedy: 'name a file that holds the secret, or set AZURE_CLIENT_SECRET',
    })
  return faults
}

export const azureSettings = (section: Section, secret: string | undefined): AzureSettings => ({
  mode: section.mode,
  credentialsSource: section.credentials_source,
  ...(section.tenant_id === undefined ? {} : { tenantId: section.tenant_id }),
  ...(section.client_id === undefined ? {} : { clientId: section.client_id }),
  ...(secret === undefined ? {} : { clientSecret: secret }),
  ...(section.federated_token_file === undefined ? {} : { federatedTokenFile: section.federated_token_file }),
  authorityHost: section.authority_host.replace(/\/+$/, ''),
  baseUrl: section.base_url.replace(/\/+$/, ''),
})
