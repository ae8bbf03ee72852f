import {
  ClientSecretCredential,
  ManagedIdentityCredential,
  type TokenCredential,
  WorkloadIdentityCredential,
} from '@azure/identity'
import { retryAfterOf } from '../retry-after.ts'

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

/** What Entra answered last. `retryAfter`: milliseconds. */
export type Heard = { readonly status: number; readonly retryAfter?: number }

type Options = NonNullable<ConstructorParameters<typeof ClientSecretCredential>[3]>

/**
 * Trouble is the reconciler's to wait out: nothing is tried twice here. What `getToken` throws has what Entra answered as
 * `heard`: its client leaves out how long to wait, and, once it remembers trouble, what it was. Where a machine's identity
 * is asked for, its client lets nobody hear.
 * @throws when something needed is missing
 */
export const createCredential = (
  given: AzureCredentials,
): TokenCredential & { /** Whether a token is being asked for. */ readonly isAsking: () => boolean } => {
  let asking = 0
  let heard: Heard | undefined
  const policy: NonNullable<Options['additionalPolicies']>[number]['policy'] = {
    name: 'gitsudo-hears',
    async sendRequest(request, next) {
      heard = undefined
      const { status, headers, ...rest } = await next(request)
      const retryAfter = retryAfterOf(headers.get('retry-after'))
      heard = { status, ...(retryAfter === undefined ? {} : { retryAfter }) }
      return { status, headers, ...rest }
    },
  }
  const credential = sourceOf(given, { additionalPolicies: [{ policy, position: 'perCall' }] })
  return {
    isAsking: () => asking > 0,
    async getToken(scopes, with_) {
      asking += 1
      try {
        return await credential.getToken(scopes, with_)
      } catch (error) {
        throw error instanceof Error && heard !== undefined ? Object.assign(error, { heard }) : error
      } finally {
        asking -= 1
      }
    },
  }
}

const sourceOf = (given: AzureCredentials, hearing: Options): TokenCredential => {
  const { tenantId = '', clientId, authorityHost } = given
  const options = {
    ...hearing,
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
