import { z } from 'zod'
import type { Configured } from '../grant/configured.ts'
import type { ProviderName } from '../request/request.ts'
import { about } from './about.ts'
import { type AwsSettings, awsConfigured, awsFaults, awsSchema, awsSettings } from './clouds/aws.ts'
import { type AzureSettings, azureFaults, azureSchema, azureSettings } from './clouds/azure.ts'
import { type GcpSettings, gcpFaults, gcpSchema, gcpSettings } from './clouds/gcp.ts'
import {
  type KubernetesSettings,
  kubernetesConfigured,
  kubernetesFaults,
  kubernetesSchema,
  kubernetesSecretTexts,
  kubernetesSettings,
} from './clouds/kubernetes.ts'
import { mockSchema } from './clouds/mock.ts'
import type { ConfigFault } from './fault.ts'

/** The section `providers`: a file of `clouds/` for each. */
export const providersSchema = z
  .strictObject({
    mock: mockSchema.optional(),
    aws: awsSchema.optional(),
    azure: azureSchema.optional(),
    gcp: gcpSchema.optional(),
    kubernetes: kubernetesSchema.optional(),
  })
  .meta(about('The providers to run, each with its settings.', '{mock: {}}'))

type ProvidersSection = z.output<typeof providersSchema>

/** Secrets of clouds: the key whose `_file` names where one lies, and the variable that may hold it instead. */
export const cloudSecrets = [
  { key: 'providers.aws.credentials', env: 'GITSUDO_AWS_CREDENTIALS' },
  // Its name in jitsudo and in Azure's own tools.
  { key: 'providers.azure.client_secret', env: 'AZURE_CLIENT_SECRET' },
  { key: 'providers.gcp.credentials', env: 'GITSUDO_GCP_CREDENTIALS' },
  { key: 'providers.kubernetes.kubeconfig', env: 'GITSUDO_KUBERNETES_KUBECONFIG' },
] as const
export type CloudSecrets = Readonly<Partial<Record<(typeof cloudSecrets)[number]['key'], string>>>

/** The configured clouds with their secrets. */
export type ProviderSettings = {
  readonly mock?: Readonly<Record<string, never>>
  readonly aws?: AwsSettings
  readonly gcp?: GcpSettings
  readonly kubernetes?: KubernetesSettings
  readonly azure?: AzureSettings
}

/** What must agree within each section. */
export const providerFaults = (
  { aws, azure, gcp, kubernetes }: ProvidersSection,
  secrets: CloudSecrets,
): readonly ConfigFault[] => [
  ...(aws === undefined ? [] : awsFaults(aws, secrets['providers.aws.credentials'])),
  ...(azure === undefined ? [] : azureFaults(azure, secrets['providers.azure.client_secret'])),
  ...(gcp === undefined ? [] : gcpFaults(gcp, secrets['providers.gcp.credentials'])),
  ...(kubernetes === undefined
    ? []
    : kubernetesFaults(kubernetes, secrets['providers.kubernetes.kubeconfig'])),
]

export const providerSettings = (
  { mock, aws, azure, gcp, kubernetes }: ProvidersSection,
  secrets: CloudSecrets,
): ProviderSettings => ({
  ...(mock === undefined ? {} : { mock: {} }),
  ...(aws === undefined ? {} : { aws: awsSettings(aws, secrets['providers.aws.credentials']) }),
  ...(gcp === undefined ? {} : { gcp: gcpSettings(gcp, secrets['providers.gcp.credentials']) }),
  ...(kubernetes === undefined
    ? {}
    : { kubernetes: kubernetesSettings(kubernetes, secrets['providers.kubernetes.kubeconfig']) }),
  ...(azure === undefined ? {} : { azure: azureSettings(azure, secrets['providers.azure.client_secret']) }),
})

/** What the place of a grant is derived from: where one of these changes, what was given before is not found any more. */
export const configuredOf = ({
  aws,
  azure,
  gcp,
  kubernetes,
}: ProviderSettings): Readonly<Partial<Record<ProviderName, Configured>>> => ({
  ...(aws === undefined ? {} : { aws: awsConfigured(aws) }),
  ...(azure === undefined ? {} : { azure: { mode: azure.mode } }),
  ...(gcp === undefined ? {} : { gcp: { condition_title_prefix: gcp.conditionTitlePrefix } }),
  ...(kubernetes === undefined ? {} : { kubernetes: kubernetesConfigured(kubernetes) }),
})

/** What no log line may show. */
export const cloudSecretTexts = ({ aws, azure, gcp, kubernetes }: ProviderSettings): readonly string[] =>
  [
    aws?.keys?.secretAccessKey,
    azure?.clientSecret,
    gcp?.credentials?.private_key,
    gcp?.credentials?.client_secret,
    ...(kubernetes === undefined ? [] : kubernetesSecretTexts(kubernetes)),
  ].filter((text) => typeof text === 'string')
