import type { ProviderName } from '../request/request.ts'
import type { Asked, Refusal } from './grantable/asked.ts'
import { type AwsReach, awsRefusals } from './grantable/aws.ts'
import { type AzureReach, azureRefusals } from './grantable/azure.ts'
import { gcpRefusals } from './grantable/gcp.ts'
import { kubernetesRefusals } from './grantable/kubernetes.ts'

/** What the configuration says of the clouds, as far as it decides what they can grant. */
export type Reach = { readonly aws?: AwsReach; readonly azure?: AzureReach }

const clouds: Readonly<Partial<Record<ProviderName, (asked: Asked, reach: Reach) => readonly Refusal[]>>> = {
  aws: (asked, { aws }) => (aws === undefined ? [] : awsRefusals(asked, aws)),
  azure: (asked, { azure }) => azureRefusals(asked, azure),
  gcp: gcpRefusals,
  kubernetes: kubernetesRefusals,
}

/** What the cloud would refuse whenever it were asked, so that nobody has to read, approve and merge it first. */
export const refusals = (provider: ProviderName, asked: Asked, reach: Reach = {}): readonly Refusal[] =>
  clouds[provider]?.(asked, reach) ?? []
