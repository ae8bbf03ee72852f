import {
  ClientSecretCredential,
  ManagedIdentityCredential,
  type TokenCredential,
  WorkloadIdentityCredential,
} from '@azure/identity'

/** Who gitsudo is in Azure; the configuration has seen to it that what each source needs is there. */
export type AzureCredentials = {
  readonly credentialsSource: 'workload_identity' | 'managed_identity' | 'client_secret'
  readonly tenantId?: string
  readonly clientId?: string
  readonly clientSecret?: string
  readonly federatedTokenFile?: string
  readonly authorityHost: string
}

const publicCloud = 'https://login.microsoftonline.com'

/** Trouble is the reconciler's to wait out: nothing is tried twice here. @throws when something needed is missing */
export const createCredential = (given: AzureCredentials): TokenCredential => {
  const { tenantId = '', clientId, authorityHost } = given
  const options = {
    authorityHost,
    // An authority that the administrator named need not be known to the public cloud's.
    disableInstanceDiscovery: authorityHost !== publicCloud,
    retryOptions: { maxRetries: 0 },
  }
  switch (given.credentialsSource) {
    case 'workload_identity':
      return new WorkloadIdentityCredential({
        ...options,
        tenantId,
        ...(clientId === undefined ? {} : { clientId }),
        ...(given.federatedTokenFile === undefined ? {} : { tokenFilePath: given.federatedTokenFile }),
      })
    case 'managed_identity':
      return new ManagedIdentityCredential({ ...options, ...(clientId === undefined ? {} : { clientId }) })
    case 'client_secret':
      return new ClientSecretCredential(tenantId, clientId ?? '', given.clientSecret ?? '', options)
  }
}
