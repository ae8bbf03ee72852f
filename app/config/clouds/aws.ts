import { z } from 'zod'
import type { Configured } from '../../grant/configured.ts'
import { type AwsReach, awsRole } from '../../grant/grantable/aws.ts'
import { about } from '../about.ts'
import type { ConfigFault } from '../fault.ts'
import { isBare } from '../loopback.ts'

const key = 'providers.aws'

/** What `sts_assume_role` alone uses, with what stands where nothing is written. */
const ofSessions = {
  role_arn_template: 'arn:aws:iam::{scope}:role/{role}',
  manager_role_arn_template: undefined,
  external_id: undefined,
  sessionTags: 'required',
} as const

/** AWS's section, with jitsudo's names. */
export const awsSchema = z
  .strictObject({
    mode: z.enum(['sts_assume_role', 'identity_center']).meta(
      about(
        'How access is given: `sts_assume_role` (sessions of IAM roles) or `identity_center` (assignments of permission sets).',
        'sts_assume_role',
        {
          env: 'GITSUDO_AWS_MODE',
        },
      ),
    ),
    role_arn_template: z
      .string()
      .default(ofSessions.role_arn_template)
      .meta(
        about(
          'The role of a grant: `{scope}` stands for the account, `{role}` for the role’s name.',
          'arn:aws:iam::{scope}:role/jitsudo-{role}',
          { env: 'GITSUDO_AWS_ROLE_ARN_TEMPLATE' },
        ),
      ),
    manager_role_arn_template: z
      .string()
      .optional()
      .meta(
        about(
          'The role that gitsudo takes in accounts other than its own to look after their roles; `{scope}` stands for the account.',
          'arn:aws:iam::{scope}:role/gitsudo-manager',
          { env: 'GITSUDO_AWS_MANAGER_ROLE_ARN_TEMPLATE' },
        ),
      ),
    default_region: z
      .string()
      .regex(/^[a-z]{2}(-[a-z]{2,8}){1,3}-\d$/, 'must be a region such as eu-central-1')
      .default('us-east-1')
      .meta(
        about(
          'The region of calls, and `AWS_DEFAULT_REGION` of commands that have credentials.',
          'us-east-1',
          {
            env: 'GITSUDO_AWS_DEFAULT_REGION',
          },
        ),
      ),
    credentials_source: z
      .enum(['static', 'instance_profile', 'irsa'])
      .default('static')
      .meta(
        about(
          'Who gitsudo is there: `static` (keys of a user, by `credentials_file`, without one by `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`), `instance_profile` or `irsa` (the service account’s role on EKS).',
          'irsa',
          { env: 'GITSUDO_AWS_CREDENTIALS_SOURCE' },
        ),
      ),
    credentials_file: z
      .string()
      .min(1)
      .optional()
      .meta(
        about('The keys of `static`, as `aws configure` writes them.', '/run/secrets/aws-credentials', {
          env: 'GITSUDO_AWS_CREDENTIALS_FILE',
        }),
      ),
    external_id: z
      .string()
      .regex(/^[\w+=,.@:/-]{2,1224}$/, 'must be 2 to 1224 letters, digits and _ + = , . @ : / -')
      .optional()
      .meta(
        about('What trust policies ask for as `sts:ExternalId`.', 'gitsudo', {
          env: 'GITSUDO_AWS_EXTERNAL_ID',
        }),
      ),
    sessionTags: z
      .enum(['required', 'optional'])
      .default(ofSessions.sessionTags)
      .meta(
        about(
          '`optional`: where a role’s trust policy allows no tags or no source identity, its sessions go without.',
          'required',
          { env: 'GITSUDO_AWS_SESSION_TAGS' },
        ),
      ),
    instance_arn: z
      .string()
      .regex(
        /^arn:aws(-[a-z]{2,8}){0,3}:sso:::instance\/(sso)?ins-[A-Za-z0-9.-]{16}$/,
        'must be the ARN of an instance',
      )
      .optional()
      .meta(
        about(
          'The instance of IAM Identity Center; `default_region` is its region.',
          'arn:aws:sso:::instance/ssoins-1234567890abcdef',
          { env: 'GITSUDO_AWS_INSTANCE_ARN' },
        ),
      ),
    identity_store_id: z
      .string()
      .regex(
        /^(d-[0-9a-f]{10}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
        'must be the id of an identity store',
      )
      .optional()
      .meta(about('Its identity store.', 'd-1234567890', { env: 'GITSUDO_AWS_IDENTITY_STORE_ID' })),
    endpoint_url: z
      .url({ protocol: /^https?$/, error: 'must be an http(s) address' })
      .optional()
      .meta(
        about(
          'An address that takes the place of every service’s own, where there is a private one.',
          'https://aws.internal.example',
          { env: 'GITSUDO_AWS_ENDPOINT_URL' },
        ),
      ),
  })
  .meta(about('AWS (docs/providers/aws.md).', '{mode: sts_assume_role, credentials_source: irsa}'))

type Section = z.output<typeof awsSchema>

/** The section once read. `keys` undefined: those of the environment. */
export type AwsSettings = AwsAccess & (StsSettings | IdentityCenterSettings)

type StsSettings = {
  readonly mode: 'sts_assume_role'
  readonly roleArnTemplate: string
  readonly managerRoleArnTemplate?: string
  readonly externalId?: string
  readonly sessionTags: Section['sessionTags']
}
type IdentityCenterSettings = {
  readonly mode: 'identity_center'
  readonly instanceArn: string
  readonly identityStoreId: string
}
type AwsAccess = {
  readonly defaultRegion: string
  readonly credentialsSource: Section['credentials_source']
  readonly keys?: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Without a trailing slash. */
  readonly endpoint?: string
}

/** What must agree between the section and its secret; the secret is in none of the faults. */
export const awsFaults = (section: Section, credentials: string | undefined): readonly ConfigFault[] => {
  const faults: ConfigFault[] = []
  const fault = (name: string, message: string, remedy: string) =>
    faults.push({ key: `${key}.${name}`, message, remedy })
  if (section.endpoint_url !== undefined && isBare(section.endpoint_url))
    fault('endpoint_url', 'would carry credentials without TLS', 'write https://')
  for (const name of ['role_arn_template', 'manager_role_arn_template'] as const) {
    const template = section[name]
    if (template !== undefined && awsRole(template, { scope: '1'.repeat(12), cloudRole: 'r' }) === undefined)
      fault(
        name,
        'makes no ARN of a role',
        `write it like arn:aws:iam::{scope}:role/${name === 'role_arn_template' ? 'jitsudo-{role}' : 'gitsudo-manager'}`,
      )
  }
  if (!section.role_arn_template.includes('{role}'))
    fault('role_arn_template', 'makes one role of all', 'write {role} where its name goes')
  if (section.manager_role_arn_template?.includes('{scope}') === false)
    fault('manager_role_arn_template', 'is in one account for all', 'write {scope} where the account goes')
  if (section.mode === 'identity_center') {
    for (const name of ['instance_arn', 'identity_store_id'] as const)
      if (section[name] === undefined)
        fault(name, 'is missing', '`aws sso-admin list-instances` in the region of Identity Center prints it')
    for (const name of Object.keys(ofSessions) as (keyof typeof ofSessions)[])
      if (section[name] !== ofSessions[name])
        fault(name, 'is not for identity_center', 'remove it, or set mode: sts_assume_role')
  }
  if (credentials === undefined) return faults
  if (section.credentials_source !== 'static')
    fault(
      'credentials_file',
      `is not for ${section.credentials_source}`,
      'remove it, or set credentials_source: static',
    )
  else if (credentials !== '' && keysIn(credentials) === undefined)
    fault(
      'credentials_file',
      'does not hold aws_access_key_id and aws_secret_access_key',
      'write both, each on a line of its own, as aws configure does',
    )
  return faults
}

export const awsSettings = (section: Section, credentials: string | undefined): AwsSettings => {
  const keys = credentials === undefined ? undefined : keysIn(credentials)
  const access = {
    defaultRegion: section.default_region,
    credentialsSource: section.credentials_source,
    ...(keys === undefined ? {} : { keys }),
    ...(section.endpoint_url === undefined ? {} : { endpoint: section.endpoint_url.replace(/\/+$/, '') }),
  }
  if (section.mode === 'identity_center')
    return {
      ...access,
      mode: section.mode,
      instanceArn: section.instance_arn ?? '',
      identityStoreId: section.identity_store_id ?? '',
    }
  return {
    ...access,
    mode: section.mode,
    roleArnTemplate: section.role_arn_template,
    ...(section.manager_role_arn_template === undefined
      ? {}
      : { managerRoleArnTemplate: section.manager_role_arn_template }),
    ...(section.external_id === undefined ? {} : { externalId: section.external_id }),
    sessionTags: section.sessionTags,
  }
}

/** What of the section decides what can be granted. */
export const awsReach = (settings: AwsSettings): AwsReach =>
  settings.mode === 'identity_center'
    ? { mode: settings.mode, instanceArn: settings.instanceArn }
    : {
        mode: settings.mode,
        roleArnTemplate: settings.roleArnTemplate,
        chained: settings.credentialsSource !== 'static',
      }

/** What the place of a grant is derived from. */
export const awsConfigured = (settings: AwsSettings): Configured =>
  settings.mode === 'identity_center'
    ? { mode: settings.mode, instance_arn: settings.instanceArn }
    : { mode: settings.mode, role_arn_template: settings.roleArnTemplate }

/** The keys of a file as the AWS CLI keeps it, of its first profile. */
const keysIn = (text: string): AwsSettings['keys'] => {
  const value = (name: string) => new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)\\s*$`, 'm').exec(text)?.[1]
  const [accessKeyId, secretAccessKey] = [value('aws_access_key_id'), value('aws_secret_access_key')]
  return accessKeyId === undefined || secretAccessKey === undefined
    ? undefined
    : { accessKeyId, secretAccessKey }
}
