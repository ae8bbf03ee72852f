import { z } from 'zod'
import { about } from '../about.ts'
import type { ConfigFault } from '../fault.ts'
import { isBare } from '../loopback.ts'

const key = 'providers.gcp'

/** Google Cloud's section, with jitsudo's names. */
export const gcpSchema = z
  .strictObject({
    credentials_source: z
      .enum(['workload_identity_federation', 'service_account_key'])
      .meta(
        about(
          'Who gitsudo is there: `workload_identity_federation` (by `credentials_file`, without one by the metadata server of GKE, Cloud Run or Compute Engine) or `service_account_key`.',
          'workload_identity_federation',
          { env: 'GITSUDO_GCP_CREDENTIALS_SOURCE' },
        ),
      ),
    credentials_file: z
      .string()
      .min(1)
      .optional()
      .meta(
        about(
          'The credential configuration (`gcloud iam workload-identity-pools create-cred-config`), or the service account’s key, JSON.',
          '/run/secrets/gcp.json',
          { env: 'GITSUDO_GCP_CREDENTIALS_FILE' },
        ),
      ),
    condition_title_prefix: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be 1 to 40 of a-z, 0-9 and hyphen, a letter first')
      .default('gitsudo')
      .meta(
        about(
          'What the titles of gitsudo’s conditions begin with. Never changed while grants live.',
          'gitsudo',
          {
            env: 'GITSUDO_GCP_CONDITION_TITLE_PREFIX',
          },
        ),
      ),
    base_url: z
      .url({ protocol: /^https?$/, error: 'must be an http(s) address' })
      .default('https://cloudresourcemanager.googleapis.com')
      .meta(
        about(
          'The Resource Manager API’s address, where a private endpoint takes its place.',
          'https://cloudresourcemanager-acme.p.googleapis.com',
          { env: 'GITSUDO_GCP_BASE_URL' },
        ),
      ),
  })
  .meta(about('Google Cloud (docs/providers/gcp.md).', '{credentials_source: workload_identity_federation}'))

/** The section once read. `credentials`: the parsed JSON of its file; undefined: the metadata server's. */
export type GcpSettings = {
  readonly credentialsSource: z.output<typeof gcpSchema>['credentials_source']
  readonly credentials?: Readonly<Record<string, unknown>>
  readonly conditionTitlePrefix: string
  /** Without a trailing slash. */
  readonly baseUrl: string
}

/** What must agree between the section and its secret; the secret is in none of the faults. */
export const gcpFaults = (
  { credentials_source: source, base_url: address }: z.output<typeof gcpSchema>,
  credentials: string | undefined,
): readonly ConfigFault[] => {
  const faults: ConfigFault[] = []
  if (isBare(address))
    faults.push({
      key: `${key}.base_url`,
      message: 'would carry tokens without TLS',
      remedy: 'write https://',
    })
  const wanted = source === 'service_account_key' ? 'service_account' : 'external_account'
  if (credentials === undefined) {
    if (source === 'service_account_key')
      faults.push({
        key: `${key}.credentials_file`,
        message: 'is missing',
        remedy: 'name a file that holds the service account’s key, or set GITSUDO_GCP_CREDENTIALS',
      })
    return faults
  }
  const type = parsed(credentials)?.type
  if (credentials !== '' && type !== wanted)
    faults.push({
      key: `${key}.credentials_file`,
      message: `does not hold JSON with "type": "${wanted}", which ${source} needs`,
      remedy:
        type === 'service_account' || type === 'external_account'
          ? `set ${key}.credentials_source to what the file is for`
          : 'docs/providers/gcp.md says how to make it',
    })
  return faults
}

export const gcpSettings = (
  section: z.output<typeof gcpSchema>,
  credentials: string | undefined,
): GcpSettings => {
  const read = credentials === undefined ? undefined : parsed(credentials)
  return {
    credentialsSource: section.credentials_source,
    ...(read === undefined ? {} : { credentials: read }),
    conditionTitlePrefix: section.condition_title_prefix,
    baseUrl: section.base_url.replace(/\/+$/, ''),
  }
}

const parsed = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
