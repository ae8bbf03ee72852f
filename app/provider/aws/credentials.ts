import { fromEnv, fromInstanceMetadata, fromTokenFile } from '@aws-sdk/credential-providers'

/** Who gitsudo is in AWS. `keys`: a user's; undefined: those of the environment. */
export type AwsIdentity = {
  readonly credentialsSource: 'static' | 'instance_profile' | 'irsa'
  readonly keys?: { readonly accessKeyId: string; readonly secretAccessKey: string }
}

/** Where the services are: a region, and an address that takes the place of them all. */
export type Place = { readonly region: string; readonly endpoint?: string }

/** Keys for calls, asked for anew by each client when those it has run out. */
export const keysOf = ({ credentialsSource, keys }: AwsIdentity, place: Place) => {
  switch (credentialsSource) {
    case 'static':
      return keys === undefined ? fromEnv() : async () => keys
    case 'instance_profile':
      return fromInstanceMetadata({ maxRetries: 1, timeout: 2000 })
    case 'irsa':
      return fromTokenFile({ clientConfig: { ...place, maxAttempts: 1 } })
  }
}
